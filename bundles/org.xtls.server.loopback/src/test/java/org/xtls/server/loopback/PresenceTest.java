package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PresenceTest {

    private static final String ROMEO = "romeo@montague.net/orchard";
    private static final String JULIET = "juliet@capulet.com/balcony";

    private LoopbackServer server;

    @AfterEach
    void end() {
        server.kill();
    }

    @Test
    void those_available_see_one_another_come_and_go() throws IOException {
        start(true);
        try (RawClient romeo = RawClient.bound(server, ROMEO);
                RawClient juliet = RawClient.bound(server, JULIET)) {
            romeo.send("<presence><show>chat</show></presence>");
            romeo.awaitNothingElse();
            juliet.awaitNothingElse();
            juliet.send("<presence/>");
            Stanza his = juliet.stanza();
            assertEquals(ROMEO, his.from().orElseThrow());
            assertEquals(JULIET, his.to().orElseThrow());
            assertEquals(
                    "chat", his.child(Stanza.NAMESPACE, "show").orElseThrow().text());
            assertEquals(JULIET, romeo.stanza().from().orElseThrow());
            romeo.send("<presence><show>away</show></presence>");
            assertEquals(
                    "away",
                    juliet.stanza()
                            .child(Stanza.NAMESPACE, "show")
                            .orElseThrow()
                            .text());
            romeo.awaitNothingElse();
            romeo.send("<presence type='unavailable'><status>bye</status></presence>");
            Stanza gone = juliet.stanza();
            assertTrue(gone.isType("unavailable"));
            assertEquals(
                    "bye", gone.child(Stanza.NAMESPACE, "status").orElseThrow().text());
            romeo.send("</stream:stream>");
            romeo.awaitEnd();
            juliet.awaitNothingElse();
        }
    }

    @Test
    void a_client_that_closes_its_stream_becomes_unavailable() throws IOException {
        start(true);
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient juliet = together(romeo)) {
            romeo.send("</stream:stream>");
            assertUnavailable(juliet.stanza());
        }
    }

    @Test
    void a_client_whose_connection_breaks_becomes_unavailable() throws IOException {
        start(true);
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient juliet = together(romeo)) {
            romeo.socket().setSoLinger(true, 0);
            romeo.socket().close();
            assertUnavailable(juliet.stanza());
        }
    }

    @Test
    void a_client_that_breaks_the_rules_becomes_unavailable() throws IOException {
        start(true);
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient juliet = together(romeo)) {
            romeo.send("<oops>");
            romeo.send("</not-oops>");
            assertUnavailable(juliet.stanza());
        }
    }

    @Test
    void strangers_see_nothing_but_directed_presence_and_its_end() throws IOException {
        start(false);
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient juliet = RawClient.available(server, JULIET);
                RawClient own = RawClient.available(server, "romeo@montague.net/street")) {
            assertEquals(ROMEO, own.stanza().from().orElseThrow());
            assertEquals("romeo@montague.net/street", romeo.stanza().from().orElseThrow());
            juliet.awaitNothingElse();
            romeo.send("<presence to='" + JULIET + "'/>");
            assertEquals(ROMEO, juliet.stanza().from().orElseThrow());
            romeo.send("</stream:stream>");
            assertUnavailable(juliet.stanza());
            assertUnavailable(own.stanza());
            own.send("<presence type='unavailable'/>");
            own.awaitNothingElse();
            juliet.awaitNothingElse();
        }
    }

    @Test
    void presence_directed_to_a_bare_jid_ends_there_too_even_from_a_client_that_never_was_available()
            throws IOException {
        start(false);
        try (RawClient romeo = RawClient.bound(server, ROMEO);
                RawClient juliet = RawClient.available(server, JULIET)) {
            juliet.awaitNothingElse();
            romeo.send("<presence to='juliet@capulet.com'/>");
            assertEquals(ROMEO, juliet.stanza().from().orElseThrow());
            server.drop(ROMEO);
            assertUnavailable(juliet.stanza());
        }
    }

    @Test
    void directed_presence_that_was_taken_back_ends_only_once() throws IOException {
        start(false);
        try (RawClient romeo = RawClient.bound(server, ROMEO);
                RawClient juliet = RawClient.available(server, JULIET)) {
            romeo.send("<presence to='" + JULIET + "'/><presence type='unavailable' to='" + JULIET + "'/>");
            assertTrue(juliet.stanza().type().isEmpty());
            assertUnavailable(juliet.stanza());
            romeo.send("</stream:stream>");
            romeo.awaitEnd();
            juliet.awaitNothingElse();
        }
    }

    private void start(boolean everyoneSeesEveryone) throws IOException {
        server = LoopbackServer.builder()
                .user("romeo@montague.net", RawClient.PASSWORD)
                .user("juliet@capulet.com", RawClient.PASSWORD)
                .everyoneSeesEveryone(everyoneSeesEveryone)
                .start();
    }

    private RawClient together(RawClient romeo) throws IOException {
        romeo.awaitNothingElse();
        RawClient juliet = RawClient.available(server, JULIET);
        assertEquals(ROMEO, juliet.stanza().from().orElseThrow());
        assertEquals(JULIET, romeo.stanza().from().orElseThrow());
        return juliet;
    }

    private static void assertUnavailable(Stanza presence) {
        assertTrue(presence.isType("unavailable"), presence.xml());
        assertEquals(ROMEO, presence.from().orElseThrow());
    }
}
