package org.xtls.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
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
    private static final List<String> SUITORS = List.of(
            "romeo",
            "mercutio",
            "benvolio",
            "paris",
            "tybalt",
            "escalus",
            "laurence",
            "balthasar",
            "sampson",
            "gregory");

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
        String received = juliet.tell("receive --timeout 30");
        assertTrue(received.startsWith(suitorsJid + " verified\n<message "), received);
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

    @Test
    void a_code_told_by_voice_makes_the_first_tunnel_and_the_keys_it_carries_make_the_next() throws Exception {
        String code = codeFor(suitorsJid);
        assertTrue(suitor.tell("pair juliet@capulet.com " + code).contains("now either side opens the tunnel"));

        String first = suitor.tell("open " + JULIET);
        assertTrue(first.contains("verified (pairing code)") && first.contains("method  srp-psk\n"), first);
        assertTrue(first.contains("key     none: the peer proved a shared secret\n"), first);
        awaitKey(suitor, JULIET);
        awaitKey(juliet, suitorsJid);
        assertEquals("no passwords are kept\n", suitor.tell("passwords"));
        suitor.tell("close " + JULIET);

        String next = juliet.tell("open " + suitorsJid);
        assertTrue(next.contains("verified (pinned)") && next.contains("method  x509\n"), next);
        suitor.leave();
        assertFalse(seen.stream().anyMatch(stanza -> stanza.contains(code) || stanza.contains(code.replace(" ", ""))));
    }

    @Test
    void a_wrong_code_makes_no_tunnel_and_costs_a_guess() throws Exception {
        String right = codeFor(suitorsJid);
        String wrong = (right.charAt(0) == '1' ? '2' : '1') + right.substring(1);
        suitor.tell("pair juliet@capulet.com " + wrong);

        suitor.type("open " + JULIET);

        assertEquals(1, suitor.status());
        assertEquals(1, suitor.errors().lines().count(), suitor.errors());
        String held = juliet.tell("passwords");
        assertTrue(held.contains("pairing-code  both  2 left"), held);
        juliet.tell("forget " + suitorsJid);
        assertEquals("no passwords are kept\n", juliet.tell("passwords"));
    }

    @Test
    void a_password_that_both_keep_verifies_a_tunnel_that_either_begins() throws Exception {
        suitor.tell("password juliet@capulet.com 'the mask of night'");
        juliet.tell("password " + suitorsJid + " 'the mask of night'");

        String told = juliet.tell("open " + suitorsJid);

        assertTrue(told.contains("verified (password)") && told.contains("method  srp-psk\n"), told);
        String held = suitor.tell("passwords");
        assertTrue(held.contains("  password  both  5 left "), held);
        juliet.tell("forget " + suitorsJid);
        suitor.leave();
    }

    @Test
    void an_unverified_tunnel_is_verified_later_by_a_password() throws Exception {
        suitor.tell("policy first-use accept");
        juliet.tell("policy first-use accept");
        assertTrue(suitor.tell("open " + JULIET).contains("unverified"));
        juliet.tell("policy first-use ask");
        suitor.tell("password juliet@capulet.com 'the mask of night'");
        juliet.tell("password " + suitorsJid + " 'the mask of night'");

        String told = suitor.tell("verify " + JULIET);

        assertTrue(told.contains("\nverified: juliet@capulet.com is x509 "), told);
        assertTrue(suitor.tell("tunnels").contains("  verified  "));
        awaitKey(juliet, suitorsJid);
        juliet.tell("forget " + suitorsJid);
        suitor.leave();
    }

    @Test
    void a_password_that_differs_verifies_nothing() throws Exception {
        suitor.tell("policy first-use accept");
        juliet.tell("policy first-use accept");
        assertTrue(suitor.tell("open " + JULIET).contains("unverified"));
        juliet.tell("policy first-use ask");
        suitor.tell("password juliet@capulet.com 'the mask of night'");
        juliet.tell("password " + suitorsJid + " 'the cloak of night'");

        suitor.type("verify " + JULIET);

        assertEquals(1, suitor.status());
        assertTrue(suitor.errors().contains("The secrets of the two sides differ"), suitor.errors());
        assertFalse(juliet.tell("trust " + suitorsJid).startsWith("verified "));
        juliet.tell("forget " + suitorsJid);
    }

    /** Juliet makes a code; what her suitor hears of it. */
    private static String codeFor(String suitor) throws Exception {
        return juliet.tell("pair " + suitor)
                .lines()
                .skip(1)
                .findFirst()
                .orElseThrow()
                .strip();
    }

    /** Keys go through a tunnel in their own time. */
    private static void awaitKey(Xtls container, String of) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        String known = container.tell("trust " + of);
        while (!known.startsWith("verified x509\n") && System.nanoTime() < end) {
            known = container.tell("trust " + of);
        }
        assertTrue(known.startsWith("verified x509\n"), known);
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
