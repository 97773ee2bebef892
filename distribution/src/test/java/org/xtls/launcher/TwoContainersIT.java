package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.server.loopback.LoopbackServer;

/** Romeo's container and Juliet's, side by side, on a server in this process that writes down what it sees. */
@Timeout(240)
class TwoContainersIT {
    private static final String ROMEO = "romeo@montague.net/orchard";
    private static final String JULIET = "juliet@capulet.com/balcony";

    @TempDir
    Path folder;

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private LoopbackServer server;
    private Xtls romeo;
    private Xtls juliet;

    @BeforeEach
    void log_in() throws Exception {
        server = LoopbackServer.builder()
                .user("romeo@montague.net", "rosaline")
                .user("juliet@capulet.com", "paris")
                .wiretap((direction, client, stanza) -> seen.add(direction + " " + client + " " + stanza.xml()))
                .start();
        romeo = Xtls.listening(folder.resolve("romeo"));
        juliet = Xtls.listening(folder.resolve("juliet"));
        assertEquals("connected as " + ROMEO + "\n", romeo.tell(connect("romeo@montague.net", "rosaline", "orchard")));
        assertEquals("connected as " + JULIET + "\n", juliet.tell(connect("juliet@capulet.com", "paris", "balcony")));
    }

    @AfterEach
    void end() throws Exception {
        romeo.close();
        juliet.close();
        server.close();
    }

    @Test
    void a_stanza_goes_through_a_verified_tunnel_and_its_echo_comes_back() throws Exception {
        exchangeFingerprints();

        assertTrue(romeo.tell("open " + JULIET).contains("verified"));
        juliet.tell("echo on");
        assertEquals("acknowledged by the peer\n", romeo.tell("send " + JULIET + " 'by yonder blessed moon'"));
        assertTrue(juliet.tell("receive --timeout 30").startsWith(ROMEO + " verified\n<message "));
        String echo = romeo.tell("receive --timeout 30");
        assertTrue(echo.startsWith(JULIET + " verified\n") && echo.contains("by yonder blessed moon"), echo);
        assertTrue(romeo.tell("tunnels").contains("TLSv1.3"));
        assertEquals("tunnel with " + JULIET + " is closed\n", romeo.tell("close " + JULIET));

        romeo.leave();
        juliet.leave();
        assertTrue(seen.stream().anyMatch(stanza -> stanza.contains("urn:xmpp:tmp:xtls")));
        assertFalse(seen.stream().anyMatch(stanza -> stanza.contains("moon")));
    }

    @Test
    void an_end_of_input_closes_the_tunnel_and_logs_out() throws Exception {
        exchangeFingerprints();
        romeo.tell("open " + JULIET);

        romeo.leave();

        assertEquals("no tunnels\n", juliet.tell("tunnels"));
        assertTrue(sent(ROMEO, "<close "), seen::toString);
        assertTrue(sent(JULIET, "<closed "), seen::toString);
        juliet.leave();
    }

    @Test
    void sigterm_closes_the_tunnel_and_logs_out() throws Exception {
        exchangeFingerprints();
        romeo.tell("open " + JULIET);

        romeo.terminate();

        assertEquals(128 + 15, romeo.status());
        assertTrue(sent(ROMEO, "<close "), seen::toString);
        assertTrue(sent(JULIET, "<closed "), seen::toString);
        juliet.leave();
    }

    @Test
    void a_key_that_nobody_vouches_for_is_refused_where_nobody_can_be_asked() throws Exception {
        romeo.type("open " + JULIET);

        assertEquals(1, romeo.status());
        assertEquals(1, romeo.errors().lines().count(), romeo.errors());
        assertTrue(romeo.errors().startsWith("xtls: line "), romeo.errors());
        juliet.leave();
    }

    @Test
    void first_use_by_policy_gives_an_unverified_tunnel_and_says_so() throws Exception {
        romeo.tell("policy first-use accept");
        juliet.tell("policy first-use accept");

        String told = romeo.tell("open " + JULIET);

        assertTrue(told.contains("unverified"), told);
        assertTrue(told.contains("Somebody in between may be at both ends."), told);
        romeo.leave();
        juliet.leave();
    }

    private void exchangeFingerprints() throws Exception {
        romeo.tell(trust(juliet.tell("identity")));
        juliet.tell(trust(romeo.tell("identity")));
    }

    /** The line of an identity that its peer is to say. */
    private static String trust(String identity) {
        return identity.lines()
                .filter(line -> line.startsWith("  trust "))
                .findFirst()
                .orElseThrow()
                .strip();
    }

    private boolean sent(String from, String what) {
        return seen.stream().anyMatch(stanza -> stanza.startsWith("FROM_CLIENT " + from) && stanza.contains(what));
    }

    private String connect(String account, String password, String resource) {
        return "connect " + account + " --password " + password + " --resource " + resource
                + " --host 127.0.0.1 --port " + server.port() + " --server-tls disabled";
    }
}
