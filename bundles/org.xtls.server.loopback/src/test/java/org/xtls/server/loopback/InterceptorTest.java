package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InterceptorTest {

    private static final String ROMEO = "romeo@montague.net/orchard";
    private static final String JULIET = "juliet@capulet.com/balcony";
    private static final String CHAMBER = "juliet@capulet.com/chamber";
    private static final String XTLS = "urn:xmpp:tmp:xtls";
    private static final String OFFER = "urn:xmpp:tmp:c2ctls";

    private LoopbackServer server;
    private RawClient romeo;
    private RawClient juliet;

    @BeforeEach
    void start() throws IOException {
        server = LoopbackServer.builder()
                .user("romeo@montague.net", RawClient.PASSWORD)
                .user("juliet@capulet.com", RawClient.PASSWORD)
                .start();
        romeo = RawClient.bound(server, ROMEO);
        juliet = RawClient.bound(server, JULIET);
    }

    @AfterEach
    void end() throws IOException {
        romeo.close();
        juliet.close();
        server.kill();
    }

    @Test
    void the_server_strips_an_offer() throws IOException {
        server.interceptor((stanza, self) ->
                Verdict.replace(stanza.edit(OFFER, "offer", offer -> offer.without("urn:xmpp:tmp:pubkey", "keyinfo"))));
        romeo.send("<iq type='set' id='1' to='" + JULIET + "'><start xmlns='" + XTLS + "'><offer xmlns='" + OFFER
                + "'><keyinfo xmlns='urn:xmpp:tmp:pubkey'><name>abc</name></keyinfo><insecure/></offer></start></iq>");
        Stanza received = juliet.stanza();
        assertEquals(
                "<offer xmlns='" + OFFER + "'><insecure/></offer>",
                received.find(OFFER, "offer").orElseThrow().xml());
        assertEquals(ROMEO, received.from().orElseThrow());
    }

    @Test
    void the_server_changes_and_adds_text() throws IOException {
        server.interceptor((stanza, self) -> Verdict.replace(stanza.edit(
                XTLS,
                "data",
                data -> data.withText("BBBB").with(Element.of("urn:x", "more")).withAttribute("method", "other"))));
        romeo.send(
                "<iq type='set' id='1' to='" + JULIET + "'><data xmlns='" + XTLS + "' method='x509'>AAAA</data></iq>");
        assertEquals(
                "<data xmlns='" + XTLS + "' method='other'>BBBB<more xmlns='urn:x'/></data>",
                juliet.stanza().child(XTLS).orElseThrow().xml());
    }

    @Test
    void the_server_drops_a_stanza() throws IOException {
        server.interceptor((stanza, self) -> stanza.child(XTLS, "data").isPresent() ? Verdict.drop() : Verdict.pass());
        romeo.send("<iq type='set' id='1' to='" + JULIET + "'><data xmlns='" + XTLS + "'>AAAA</data></iq>");
        romeo.awaitNothingElse();
        juliet.awaitNothingElse();
    }

    @Test
    void the_server_answers_for_the_recipient_and_drops_the_content() throws IOException {
        server.interceptor(
                (stanza, self) -> stanza.child(XTLS).isPresent() ? Verdict.answer(stanza.result()) : Verdict.pass());
        romeo.send("<iq type='set' id='1' to='" + JULIET + "'><data xmlns='" + XTLS + "'>AAAA</data></iq>");
        assertEquals(
                "<iq xmlns='jabber:client' type='result' id='1' to='" + ROMEO + "' from='" + JULIET + "'/>",
                romeo.stanza().xml());
        juliet.awaitNothingElse();
    }

    @Test
    void the_server_hands_a_stanza_to_another_resource() throws IOException {
        try (RawClient chamber = RawClient.bound(server, CHAMBER)) {
            server.interceptor((stanza, self) ->
                    stanza.to().filter(JULIET::equals).isPresent() ? Verdict.reroute(CHAMBER, stanza) : Verdict.pass());
            romeo.send("<message to='" + JULIET + "' id='1'/>");
            assertEquals(JULIET, chamber.stanza().to().orElseThrow());
            server.interceptor(Interceptor.NONE);
            romeo.send("<message to='" + JULIET + "' id='2'/>");
            assertEquals("2", juliet.stanza().id().orElseThrow());
        }
    }

    @Test
    void the_server_speaks_in_the_name_of_anybody() throws IOException {
        assertTrue(server.inject(JULIET, "<message from='tybalt@capulet.com/duel' to='" + JULIET + "' id='1'/>"));
        assertEquals("tybalt@capulet.com/duel", juliet.stanza().from().orElseThrow());
        assertFalse(server.inject("nurse@capulet.com/kitchen", "<message/>"));
    }

    @Test
    void what_is_injected_during_a_decision_arrives_before_the_stanza_decided_on() throws IOException {
        server.interceptor((stanza, self) -> {
            self.inject(JULIET, stanza.withFrom("tybalt@capulet.com"));
            return Verdict.pass();
        });
        romeo.send("<message to='" + JULIET + "'/>");
        assertEquals("tybalt@capulet.com", juliet.stanza().from().orElseThrow());
        assertEquals(ROMEO, juliet.stanza().from().orElseThrow());
    }

    @Test
    void the_interceptor_sees_presence_and_what_is_for_the_server() throws IOException {
        server.interceptor((stanza, self) -> {
            assertEquals(ROMEO, stanza.from().orElseThrow());
            return stanza.kind() == Stanza.Kind.PRESENCE
                    ? Verdict.answer(stanza.error("cancel", "forbidden"))
                    : Verdict.answer(stanza.error("cancel", "gone"));
        });
        romeo.send("<presence/>");
        assertEquals("forbidden", romeo.stanzaError());
        romeo.send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
        assertEquals("gone", romeo.stanzaError());
    }

    @Test
    void an_interceptor_that_throws_ends_the_senders_stream_and_nobody_elses() throws IOException {
        server.interceptor((stanza, self) -> {
            throw new AssertionError("not what the test expected");
        });
        romeo.send("<message to='" + JULIET + "'/>");
        assertEquals("internal-server-error", romeo.streamError());
        server.interceptor(Interceptor.NONE);
        juliet.awaitNothingElse();
    }
}
