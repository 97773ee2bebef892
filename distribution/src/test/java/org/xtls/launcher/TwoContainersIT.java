package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.server.loopback.LoopbackServer;

/**
 * Two containers side by side, on a server in this process that writes down what it sees. Juliet's serves all stories;
 * who calls on her has a container, an account and a key of his own, which she has never seen.
 */
@Timeout(240)
class TwoContainersIT {
    private static final String JULIET = "juliet@capulet.com/balcony";
    private static final List<String> SUITORS = List.of("romeo", "mercutio", "benvolio", "paris", "tybalt");

    private static final List<String> seen = new CopyOnWriteArrayList<>();
    private static final Deque<String> waiting = new ArrayDeque<>(SUITORS);
    private static LoopbackServer server;
    private static Xtls juliet;

    @TempDir
    Path folder;

    private String suitorsJid;
    private Xtls suitor;

    @BeforeAll
    static void juliet_logs_in(@TempDir Path home) throws Exception {
        LoopbackServer.Builder builder = LoopbackServer.builder()
                .user("juliet@capulet.com", "nurse")
                .wiretap((direction, client, stanza) -> seen.add(direction + " " + client + " " + stanza.xml()));
        SUITORS.forEach(name -> builder.user(name + "@montague.net", "rose"));
        server = builder.start();
        juliet = Xtls.listening(home);
        assertEquals("connected as " + JULIET + "\n", juliet.tell(connect("juliet@capulet.com", "nurse", "balcony")));
    }

    @BeforeEach
    void a_suitor_logs_in() throws Exception {
        String account = waiting.remove() + "@montague.net";
        suitorsJid = account + "/orchard";
        suitor = Xtls.listening(folder.resolve("suitor"));
        assertEquals("connected as " + suitorsJid + "\n", suitor.tell(connect(account, "rose", "orchard")));
    }

    @AfterEach
    void end() throws Exception {
        suitor.close();
    }

    @AfterAll
    static void juliet_leaves() throws Exception {
        try (Xtls last = juliet) {
            last.leave();
        } finally {
            server.close();
        }
    }

    @Test
    void a_stanza_goes_through_a_verified_tunnel_and_its_echo_comes_back() throws Exception {
        exchangeFingerprints();

        assertTrue(suitor.tell("open " + JULIET).contains("verified"));
        juliet.tell("echo on");
        assertEquals("acknowledged by the peer\n", suitor.tell("send " + JULIET + " 'by yonder blessed moon'"));
        assertTrue(juliet.tell("receive --timeout 30").startsWith(suitorsJid + " verified\n<message "));
        String echo = suitor.tell("receive --timeout 30");
        assertTrue(echo.startsWith(JULIET + " verified\n") && echo.contains("by yonder blessed moon"), echo);
        assertTrue(suitor.tell("tunnels").contains("TLSv1.3"));
        assertEquals("tunnel with " + JULIET + " is closed\n", suitor.tell("close " + JULIET));

        suitor.leave();
        assertTrue(seen.stream().anyMatch(stanza -> stanza.contains("urn:xmpp:tmp:xtls")));
        assertFalse(seen.stream().anyMatch(stanza -> stanza.contains("moon")));
    }

    @Test
    void an_end_of_input_closes_the_tunnel_and_logs_out() throws Exception {
        exchangeFingerprints();
        suitor.tell("open " + JULIET);

        suitor.leave();

        assertEquals("no tunnels\n", juliet.tell("tunnels"));
        assertClosedInGoodOrder();
    }

    @Test
    void sigterm_closes_the_tunnel_and_logs_out() throws Exception {
        exchangeFingerprints();
        suitor.tell("open " + JULIET);

        suitor.terminate();

        assertEquals(128 + 15, suitor.status());
        assertEquals("", suitor.errors());
        assertClosedInGoodOrder();
    }

    @Test
    void a_key_that_nobody_vouches_for_is_refused_where_nobody_can_be_asked() throws Exception {
        suitor.type("open " + JULIET);

        assertEquals(1, suitor.status());
        assertEquals(1, suitor.errors().lines().count(), suitor.errors());
        assertTrue(suitor.errors().startsWith("xtls: line "), suitor.errors());
    }

    @Test
    void first_use_by_policy_gives_an_unverified_tunnel_and_says_so() throws Exception {
        suitor.tell("policy first-use accept");
        juliet.tell("policy first-use accept");

        String told = suitor.tell("open " + JULIET);

        juliet.tell("policy first-use ask");
        assertTrue(told.contains("unverified"), told);
        assertTrue(told.contains("Somebody in between may be at both ends."), told);
        suitor.leave();
    }

    private void assertClosedInGoodOrder() {
        assertTrue(sent(suitorsJid, JULIET, "<close "), seen::toString);
        assertTrue(sent(JULIET, suitorsJid, "<closed "), seen::toString);
    }

    private void exchangeFingerprints() throws Exception {
        suitor.tell(trust(juliet.tell("identity")));
        juliet.tell(trust(suitor.tell("identity")));
    }

    /** The line of an identity that its peer is to say. */
    private static String trust(String identity) {
        return identity.lines()
                .filter(line -> line.startsWith("  trust "))
                .findFirst()
                .orElseThrow()
                .strip();
    }

    private static boolean sent(String from, String to, String what) {
        return seen.stream()
                .anyMatch(stanza ->
                        stanza.startsWith("FROM_CLIENT " + from) && stanza.contains(to) && stanza.contains(what));
    }

    private static String connect(String account, String password, String resource) {
        return "connect " + account + " --password " + password + " --resource " + resource
                + " --host 127.0.0.1 --port " + server.port() + " --server-tls disabled";
    }
}
