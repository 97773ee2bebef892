package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingTest {

    private static final String ROMEO = "romeo@montague.net/orchard";
    private static final String JULIET = "juliet@capulet.com/balcony";

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
    void an_iq_and_its_result_cross_two_domains() throws IOException {
        romeo.send(
                "<iq type='set' id='1' to='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'>&lt;ü\n&amp;</start></iq>");
        Stanza request = juliet.stanza();
        assertEquals(ROMEO, request.from().orElseThrow());
        assertEquals(
                "<ü\n&",
                request.child("urn:xmpp:tmp:xtls", "start").orElseThrow().text());
        juliet.send(request.result(Element.of("urn:xmpp:tmp:xtls", "proceed")).xml());
        Stanza result = romeo.stanza();
        assertEquals(JULIET, result.from().orElseThrow());
        assertEquals("1", result.id().orElseThrow());
        assertTrue(result.isType("result"));
        assertTrue(result.child("urn:xmpp:tmp:xtls", "proceed").isPresent());
    }

    @Test
    void the_sender_may_name_himself_and_gets_his_full_jid_stamped() throws IOException {
        romeo.send("<message from='Romeo@Montague.net' to='" + JULIET + "'/>");
        assertEquals(ROMEO, juliet.stanza().from().orElseThrow());
        romeo.send("<message from='" + ROMEO + "' to='" + JULIET + "'/>");
        assertEquals(ROMEO, juliet.stanza().from().orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {JULIET, "romeo@montague.net/elsewhere", "montague.net", "@"})
    void a_false_from_ends_the_stream_and_reaches_nobody(String from) throws IOException {
        romeo.send("<message from='" + from + "' to='" + JULIET + "'/>");
        assertEquals("invalid-from", romeo.streamError());
        juliet.awaitNothingElse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "juliet@capulet.com/chamber",
                "juliet@capulet.com",
                "nurse@capulet.com/kitchen",
                "nurse@capulet.com",
                "capulet.com/nothing"
            })
    void an_iq_to_nobody_comes_back(String nobody) throws IOException {
        romeo.send("<iq type='get' id='1' to='" + nobody + "'><x xmlns='urn:x'/></iq>");
        Stanza error = romeo.stanza();
        assertEquals(nobody, error.from().orElseThrow());
        assertEquals(ROMEO, error.to().orElseThrow());
        assertEquals("1", error.id().orElseThrow());
        Element reason = error.child(Stanza.NAMESPACE, "error").orElseThrow();
        assertEquals("cancel", reason.attribute("type").orElseThrow());
        assertTrue(reason.child(Stanza.ERRORS, "service-unavailable").isPresent());
    }

    @Test
    void responses_to_nobody_are_not_answered() throws IOException {
        romeo.send("<iq type='result' id='1' to='nurse@capulet.com/kitchen'/>");
        romeo.send("<iq type='error' id='2' to='nurse@capulet.com/kitchen'/>");
        romeo.send("<message type='error' to='nurse@capulet.com'/>");
        romeo.send("<iq type='result' id='3'/>");
        romeo.awaitNothingElse();
    }

    @Test
    void other_servers_cannot_be_reached() throws IOException {
        romeo.send("<iq type='get' id='1' to='paris@verona.it/x'><x xmlns='urn:x'/></iq>");
        assertEquals("remote-server-not-found", romeo.stanzaError());
        romeo.send("<message to='paris@verona.it'/>");
        assertEquals("remote-server-not-found", romeo.stanzaError());
    }

    @Test
    void an_address_that_is_none_is_malformed() throws IOException {
        romeo.send("<message to='@capulet.com'/>");
        assertEquals("jid-malformed", romeo.stanzaError());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<iq type='get' to='capulet.com'><x xmlns='urn:x'/></iq>",
                "<iq id='1' to='capulet.com'><x xmlns='urn:x'/></iq>",
                "<iq id='1' type='ask' to='capulet.com'><x xmlns='urn:x'/></iq>",
                "<iq id='1' type='get' to='capulet.com'/>",
                "<iq id='1' type='set' to='capulet.com'><x xmlns='urn:x'/><x xmlns='urn:x'/></iq>",
                "<presence type='here'/>",
                "<presence><priority>high</priority></presence>"
            })
    void stanzas_without_sense_are_bad_requests(String stanza) throws IOException {
        romeo.send(stanza);
        assertEquals("bad-request", romeo.stanzaError());
    }

    @Test
    void a_message_to_a_bare_jid_goes_to_the_highest_priority() throws IOException {
        romeo.send("<message to='juliet@capulet.com' id='1'/>");
        assertEquals("service-unavailable", romeo.stanzaError());
        juliet.send("<presence><priority>-1</priority></presence>");
        juliet.awaitNothingElse();
        romeo.send("<message to='juliet@capulet.com' id='2'/>");
        assertEquals("service-unavailable", romeo.stanzaError());
        try (RawClient chamber = RawClient.bound(server, "juliet@capulet.com/chamber");
                RawClient garden = RawClient.bound(server, "juliet@capulet.com/garden")) {
            chamber.send("<presence><priority>3</priority></presence>");
            assertEquals(JULIET, chamber.stanza().from().orElseThrow());
            chamber.awaitNothingElse();
            garden.send("<presence><priority>7</priority></presence>");
            garden.stanza();
            garden.stanza();
            garden.awaitNothingElse();
            romeo.send("<message to='juliet@capulet.com' id='3'/>");
            assertEquals("3", garden.stanza().id().orElseThrow());
            romeo.send("<message to='juliet@capulet.com/gone' type='chat' id='4'/>");
            assertEquals("4", garden.stanza().id().orElseThrow());
            romeo.send("<message to='juliet@capulet.com/gone' type='groupchat' id='5'/>");
            assertEquals("service-unavailable", romeo.stanzaError());
        }
    }

    @Test
    void a_thousand_stanzas_each_way_arrive_in_order() throws Exception {
        int count = 1000;
        CompletableFuture<Void> sending = CompletableFuture.allOf(
                CompletableFuture.runAsync(() -> flood(romeo, JULIET, count)),
                CompletableFuture.runAsync(() -> flood(juliet, ROMEO, count)),
                CompletableFuture.runAsync(() -> receive(romeo, count)),
                CompletableFuture.runAsync(() -> receive(juliet, count)));
        sending.get(30, TimeUnit.SECONDS);
    }

    @Test
    void the_server_answers_for_itself_and_for_the_accounts() throws IOException {
        romeo.send(
                "<iq type='get' id='1' to='montague.net'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        Stanza info = romeo.stanza();
        assertEquals("montague.net", info.from().orElseThrow());
        assertTrue(info.xml().contains("<identity category='server' type='im'/>"), info.xml());
        assertTrue(info.xml().contains("<feature var='urn:xmpp:ping'/>"), info.xml());
        romeo.send("<iq type='get' id='2'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        assertTrue(romeo.stanza().xml().contains("<identity category='account' type='registered'/>"));
        romeo.send(
                "<iq type='get' id='3' to='capulet.com'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
        assertTrue(romeo.stanza()
                .child("http://jabber.org/protocol/disco#items", "query")
                .orElseThrow()
                .content()
                .isEmpty());
        romeo.send("<iq type='get' id='4' to='romeo@montague.net'><query xmlns='jabber:iq:roster'/></iq>");
        assertTrue(romeo.stanza().child("jabber:iq:roster", "query").isPresent());
        romeo.send("<iq type='get' id='5' to='montague.net'><ping xmlns='urn:xmpp:ping'/></iq>");
        assertTrue(romeo.stanza().isType("result"));
        romeo.send("<iq type='get' id='6' to='montague.net'><x xmlns='urn:x'/></iq>");
        assertEquals("service-unavailable", romeo.stanzaError());
    }

    private static void flood(RawClient from, String to, int count) {
        try {
            for (int i = 0; i < count; i++) {
                from.send("<message id='" + i + "' to='" + to + "'><body>" + "x".repeat(i) + "</body></message>");
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void receive(RawClient client, int count) {
        try {
            for (int i = 0; i < count; i++) {
                assertEquals(Integer.toString(i), client.stanza().id().orElseThrow());
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
