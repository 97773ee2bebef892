package org.xtls.transport.smack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jivesoftware.smack.AbstractXMPPConnection;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.filter.StanzaTypeFilter;
import org.jivesoftware.smack.packet.Message;
import org.jivesoftware.smack.packet.StanzaBuilder;
import org.jivesoftware.smack.provider.ProviderManager;
import org.jivesoftware.smackx.disco.packet.DiscoverInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.xtls.FullJid;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Verdict;
import org.xtls.server.loopback.Wiretap;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.xml.Element;

class SmackTransportTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.net/test");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.com/test");
    private static final Element START = Element.of("urn:xmpp:tmp:xtls", "start");
    private static final Element PROCEED = Element.of("urn:xmpp:tmp:xtls", "proceed");

    @TempDir
    private Path directory;

    private Verona verona;
    private final BlockingQueue<Stanza> sent = new LinkedBlockingQueue<>();
    private final BlockingQueue<Stanza> delivered = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws Exception {
        Wiretap tap = (direction, client, stanza) -> {
            if (direction == Wiretap.Direction.FROM_CLIENT) {
                sent.add(stanza);
            } else if (client.equals(ROMEO.toString())) {
                delivered.add(stanza);
            }
        };
        verona = new Verona(
                directory, LoopbackServer.builder().everyoneSeesEveryone(false).wiretap(tap));
    }

    @AfterEach
    void stop() throws Exception {
        verona.close();
    }

    @Test
    void a_registered_connection_gets_a_link_that_goes_with_it() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        ServiceRegistration<XMPPConnection> registration = verona.register(connection);

        ServiceReference<Link> reference = verona.links().get(0);
        Set<String> properties = new HashSet<>(Arrays.asList(reference.getPropertyKeys()));
        properties.removeIf(name -> name.startsWith("service."));
        properties.remove(Constants.OBJECTCLASS);
        assertEquals(Set.of(Link.LOCAL), properties);
        assertEquals(ROMEO.toString(), reference.getProperty(Link.LOCAL));
        Notes notes = new Notes(verona.link(connection));
        assertThrows(IllegalStateException.class, () -> notes.link.listen(notes), "a link has one listener");

        verona.unregister(registration);
        assertEquals("the connection was withdrawn", notes.next());
        assertEquals(List.of(), verona.links());
        assertTrue(connection.isAuthenticated(), "the connection is its owner's");
    }

    @Test
    void a_connection_registered_before_it_logs_in_gets_its_link_then() throws Exception {
        AbstractXMPPConnection connection = verona.connect("romeo", "montague.net");
        verona.register(connection);
        assertEquals(List.of(), verona.links());

        connection.login();
        assertEquals(ROMEO, verona.link(connection).local());
    }

    @Test
    void a_connection_registered_twice_has_one_link_until_both_registrations_go() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        ServiceRegistration<XMPPConnection> first = verona.register(connection);
        ServiceRegistration<XMPPConnection> second = verona.register(connection);
        assertEquals(1, verona.links().size());
        verona.unregister(first);
        assertEquals(1, verona.links().size());
        verona.unregister(second);
        assertEquals(0, verona.links().size());
    }

    @Test
    void a_stopped_transport_leaves_nothing_in_smack() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        Notes notes = verona.listen(connection);
        assertFalse(SmackInsides.ofOurs(connection).isEmpty(), "the search sees what we put in");
        assertInstanceOf(PayloadProvider.class, provider("start", "urn:xmpp:tmp:xtls"));

        verona.transport.close();

        assertEquals("the transport was stopped", notes.next());
        assertEquals(List.of(), verona.links());
        assertEquals(List.of(), SmackInsides.ofOurs(connection));
        for (String name : List.of("start", "proceed", "data", "close", "closed")) {
            assertNull(provider(name, "urn:xmpp:tmp:xtls"));
        }
        assertNull(provider("offer", "urn:xmpp:tmp:c2ctls"));
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("xtls-link")) {
                thread.join(10_000); // an executor has ended a moment before its threads have
                assertFalse(thread.isAlive(), thread.getName());
            }
        }
    }

    @Test
    void a_transport_can_be_stopped_and_started_on_the_same_connection_again_and_again() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        for (int i = 0; i < 5; i++) {
            ServiceRegistration<XMPPConnection> registration = verona.register(connection);
            verona.unregister(registration);
            assertEquals(List.of(), SmackInsides.ofOurs(connection));
        }
    }

    @Test
    void the_disco_feature_is_there_while_the_connection_is_bound_and_only_then() throws Exception {
        AbstractXMPPConnection romeo = verona.login("romeo", "montague.net");
        AbstractXMPPConnection juliet = verona.login("juliet", "capulet.com");

        assertFalse(discover(juliet, romeo).containsFeature("urn:xmpp:tmp:xtls"));
        ServiceRegistration<XMPPConnection> registration = verona.register(romeo);
        assertTrue(discover(juliet, romeo).containsFeature("urn:xmpp:tmp:xtls"));
        verona.unregister(registration);
        assertFalse(discover(juliet, romeo).containsFeature("urn:xmpp:tmp:xtls"));
    }

    @Test
    void every_shape_of_iq_arrives_as_it_was_sent() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        Element offer = Element.of("urn:xmpp:tmp:c2ctls", "offer")
                .with(Element.of("urn:xmpp:tmp:pubkey", "keyinfo")
                        .with(Element.of("urn:xmpp:tmp:pubkey", "name").withText("<&>'\" é \u2603 \ud83c\udf39")))
                .with(Element.of("urn:x-xtls:1", "confirm").with("a", "1 \"'<&>\n2"));
        List<Iq> requests = List.of(
                new Iq.Request(JULIET, "1", true, START.with(offer)),
                new Iq.Request(JULIET, "2", true, START),
                new Iq.Request(
                        JULIET,
                        "3",
                        true,
                        Element.of("urn:xmpp:tmp:xtls", "data")
                                .with("method", "x509")
                                .withText("AAAA")),
                new Iq.Request(JULIET, "4", true, Element.of("urn:xmpp:tmp:xtls", "close")),
                new Iq.Request(JULIET, "5", false, offer));
        for (Iq request : requests) {
            romeo.link.send(request);
            assertEquals(from(ROMEO, request), juliet.next());
        }
        List<Iq> answers = List.of(
                new Iq.Result(ROMEO, "1", PROCEED.with(offer)),
                new Iq.Result(ROMEO, "2", null),
                new Iq.Error(ROMEO, "3", new StanzaError(Condition.BAD_REQUEST, "no <Base64>")),
                new Iq.Result(ROMEO, "4", Element.of("urn:xmpp:tmp:xtls", "closed")),
                new Iq.Result(ROMEO, "5", offer));
        for (Iq answer : answers) {
            juliet.link.send(answer);
            assertEquals(from(JULIET, answer), romeo.next());
        }
    }

    @Test
    void every_error_goes_out_with_its_type_and_arrives() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        for (Condition condition : Condition.values()) {
            romeo.link.send(new Iq.Request(JULIET, condition.name(), true, START));
            juliet.next();
            juliet.link.send(new Iq.Error(ROMEO, condition.name(), new StanzaError(condition, "")));
            assertEquals(new Iq.Error(JULIET, condition.name(), new StanzaError(condition, "")), romeo.next());
            Stanza onTheWire = sent.stream()
                    .filter(stanza ->
                            stanza.isType("error") && stanza.id().orElseThrow().equals(condition.name()))
                    .findFirst()
                    .orElseThrow();
            assertEquals(
                    condition.type(),
                    onTheWire
                            .child(Stanza.NAMESPACE, "error")
                            .orElseThrow()
                            .attribute("type")
                            .orElseThrow());
        }
    }

    @Test
    void an_error_that_is_not_told_apart_is_an_undefined_condition() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        romeo.link.send(new Iq.Request(JULIET, "1", true, START));
        Stanza request = take("1", sent);
        assertEquals(
                new Iq.Error(JULIET, "1", new StanzaError(Condition.SERVICE_UNAVAILABLE, "")),
                romeo.next(),
                "the server's answer for a peer that is not there");

        verona.server.interceptor((stanza, server) -> Verdict.answer(stanza.error("auth", "forbidden")));
        romeo.link.send(new Iq.Request(JULIET, "2", true, START));
        assertEquals(new Iq.Error(JULIET, "2", new StanzaError(Condition.UNDEFINED_CONDITION, "")), romeo.next());
        assertEquals(JULIET.toString(), request.to().orElseThrow());
    }

    @Test
    void requests_and_answers_keep_the_order_of_the_stream() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int count = 3000;
        for (int i = 0; i < count; i++) {
            romeo.link.send(new Iq.Request(JULIET, "r" + i, true, START));
        }
        for (int i = 0; i < count; i++) {
            assertEquals("r" + i, ((Iq) juliet.next()).id());
        }
        List<Integer> answers =
                new ArrayList<>(IntStream.range(0, count).boxed().toList());
        Collections.shuffle(answers, random);
        List<String> order = new ArrayList<>();
        int requests = 0;
        while (!answers.isEmpty() || requests < count) {
            if (requests < count && (answers.isEmpty() || random.nextBoolean())) {
                String id = "j" + requests++;
                order.add(id);
                boolean set = random.nextInt(4) > 0;
                Element payload = set
                        ? Element.of(
                                "urn:xmpp:tmp:xtls",
                                List.of("start", "data", "close").get(random.nextInt(3)))
                        : Element.of("urn:xmpp:tmp:c2ctls", "offer");
                juliet.link.send(new Iq.Request(ROMEO, id, set, payload.with("n", "x".repeat(random.nextInt(200)))));
            } else {
                String id = "r" + answers.remove(answers.size() - 1);
                order.add(id);
                juliet.link.send(
                        switch (random.nextInt(3)) {
                            case 0 -> new Iq.Result(ROMEO, id, null);
                            case 1 -> new Iq.Result(ROMEO, id, PROCEED);
                            default -> new Iq.Error(ROMEO, id, new StanzaError(Condition.BAD_REQUEST, ""));
                        });
            }
        }
        for (String id : order) {
            assertEquals(id, ((Iq) romeo.next()).id(), "seed " + seed);
        }
        assertEquals(
                order,
                delivered.stream()
                        .map(stanza -> stanza.id().orElse(""))
                        .filter(id -> id.matches("[rj]\\d+"))
                        .toList(),
                "what was told is what came over the wire, seed " + seed);
    }

    @Test
    void sending_does_not_wait_for_a_server_that_does_not_read_and_keeps_the_order() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        CountDownLatch reads = new CountDownLatch(1);
        verona.server.interceptor((stanza, server) -> {
            try {
                reads.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Verdict.pass();
        });
        Element data = Element.of("urn:xmpp:tmp:xtls", "data").withText("A".repeat(8192));
        int count = 2000;
        for (int i = 0; i < count; i++) {
            romeo.link.send(new Iq.Request(JULIET, "r" + i, true, data));
        }
        reads.countDown();
        for (int i = 0; i < count; i++) {
            assertEquals("r" + i, ((Iq) juliet.next()).id());
        }
    }

    @Test
    void a_link_whose_server_takes_nothing_is_lost_before_the_memory_is_full() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        CountDownLatch reads = new CountDownLatch(1);
        verona.server.interceptor((stanza, server) -> {
            try {
                reads.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Verdict.drop();
        });
        Element data = Element.of("urn:xmpp:tmp:xtls", "data").withText("A".repeat(1024));
        for (int i = 0; i < 60_000; i++) {
            romeo.link.send(new Iq.Request(JULIET, "r" + i, true, data));
        }
        assertEquals("the server does not take what is sent fast enough", romeo.next());
        assertEquals(ROMEO.toString(), verona.withdrawn());
        reads.countDown();
    }

    @Test
    void an_answer_counts_only_from_the_full_jid_that_was_asked() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        verona.server.interceptor((stanza, server) -> Verdict.drop());
        romeo.link.send(new Iq.Request(JULIET, "secret", true, START));
        take("secret", sent);
        for (String from : List.of(
                "from='mallory@capulet.com/test'",
                "from='juliet@capulet.com/other'",
                "from='juliet@capulet.com'",
                "from='capulet.com'",
                "from='romeo@montague.net'",
                "from='\u2665@capulet.com/test'",
                "")) {
            inject("<iq type='result' id='secret' " + from + "><proceed xmlns='urn:xmpp:tmp:xtls'/></iq>");
            inject("<iq type='error' id='secret' " + from
                    + "><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        }
        inject("<iq type='result' id='another' from='" + JULIET + "'/>");
        inject("<iq type='result' id='secret' from='JULIET@Capulet.com/test'/>");
        inject("<iq type='result' id='secret' from='" + JULIET + "'/>");
        inject("<iq type='set' id='last' from='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
        assertEquals(new Iq.Result(JULIET, "secret", null), romeo.next(), "normalised, the address is Juliet's");
        assertEquals("last", ((Iq) romeo.next()).id(), "and one answer is all that counts");
    }

    @Test
    void a_request_counts_only_between_two_full_jids() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        int n = 0;
        for (String addresses : List.of(
                "",
                "from='juliet@capulet.com'",
                "from='capulet.com'",
                "from='\u2665@capulet.com/test'",
                "from='juliet@capulet.com/test' to='romeo@montague.net'",
                "from='juliet@capulet.com/test' to='romeo@montague.net/other'")) {
            String id = "bad" + n++;
            inject("<iq type='set' id='" + id + "' " + addresses + "><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
            assertTrue(take(id, sent).find(Stanza.ERRORS, "bad-request").isPresent(), addresses);
        }
        inject("<iq type='set' from='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
        inject("<iq type='set' id='good' from='Juliet@capulet.COM/test' to='" + ROMEO
                + "'><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
        assertEquals(new Iq.Request(JULIET, "good", true, START), romeo.next());
    }

    @Test
    void what_is_no_request_of_xtls_is_left_to_smack() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        inject("<iq type='get' id='1' from='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
        inject("<iq type='set' id='2' from='" + JULIET + "'><proceed xmlns='urn:xmpp:tmp:xtls'/></iq>");
        inject("<iq type='set' id='3' from='" + JULIET + "'><offer xmlns='urn:xmpp:tmp:c2ctls'/></iq>");
        Set<String> refused = new HashSet<>();
        while (!refused.equals(Set.of("1", "2", "3"))) {
            Stanza answer = sent.poll(20, TimeUnit.SECONDS);
            assertNotNull(answer, "refused until now: " + refused);
            if (answer.isType("error")) {
                refused.add(answer.id().orElseThrow());
            }
        }
        assertTrue(romeo.empty());
    }

    @Test
    void a_payload_beyond_the_bounds_is_refused_and_the_stream_goes_on() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        String deep = "<a>".repeat(100) + "</a>".repeat(100);
        String wide = "<a/>".repeat(70_000);
        String attributes = "<a "
                + String.join(
                        " ",
                        IntStream.range(0, 100).mapToObj(i -> "b" + i + "=''").toList()) + "/>";
        String long_ = "A".repeat(600_000);
        int n = 0;
        for (String content : List.of(deep, wide, attributes, long_)) {
            String id = "big" + n++;
            inject("<iq type='set' id='" + id + "' from='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'>" + content
                    + "</start></iq>");
            assertTrue(take(id, sent).find(Stanza.ERRORS, "policy-violation").isPresent());
        }
        romeo.link.send(new Iq.Request(JULIET, "asked", true, START));
        assertEquals(new Iq.Error(JULIET, "asked", new StanzaError(Condition.SERVICE_UNAVAILABLE, "")), romeo.next());
        verona.server.interceptor((stanza, server) -> Verdict.drop());
        inject("<iq type='set' id='fine' from='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
        assertEquals("fine", ((Iq) romeo.next()).id());
        romeo.link.send(new Iq.Request(JULIET, "asked too", true, START));
        take("asked too", sent);
        inject("<iq type='result' id='asked too' from='" + JULIET + "'><proceed xmlns='urn:xmpp:tmp:xtls'>" + deep
                + "</proceed></iq>");
        assertEquals(
                Condition.POLICY_VIOLATION,
                assertInstanceOf(Iq.Error.class, romeo.next()).error().condition());
    }

    @Test
    void without_a_listener_requests_are_answered_service_unavailable() throws Exception {
        verona.register(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        Iq.Request request = new Iq.Request(ROMEO, "1", true, START);
        Iq unavailable = new Iq.Error(ROMEO, "1", new StanzaError(Condition.SERVICE_UNAVAILABLE, ""));
        juliet.link.send(request);
        assertEquals(unavailable, juliet.next());

        Link link = verona.links().stream()
                .map(verona.context::getService)
                .filter(candidate -> candidate.local().equals(ROMEO))
                .findFirst()
                .orElseThrow();
        Notes romeo = new Notes(link);
        juliet.link.send(request);
        assertEquals(from(JULIET, request), romeo.next());

        romeo.listening.close();
        juliet.link.send(request);
        assertEquals(unavailable, juliet.next());
        assertTrue(romeo.empty());
    }

    @Test
    void a_listener_that_fails_does_not_stop_the_stream() throws Exception {
        verona.register(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        BlockingQueue<String> ids = new LinkedBlockingQueue<>();
        Link link = verona.links().stream()
                .map(verona.context::getService)
                .filter(candidate -> candidate.local().equals(ROMEO))
                .findFirst()
                .orElseThrow();
        link.listen(new LinkListener() {
            @Override
            public void received(Iq iq) {
                ids.add(iq.id());
                throw new IllegalStateException("a fault in the listener");
            }

            @Override
            public void unavailable(FullJid peer) {}

            @Override
            public void lost(String reason) {}
        });
        juliet.link.send(new Iq.Request(ROMEO, "1", true, START));
        juliet.link.send(new Iq.Request(ROMEO, "2", true, START));
        assertEquals("1", ids.poll(20, TimeUnit.SECONDS));
        assertEquals("2", ids.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void two_who_watch_each_other_hear_of_each_others_end_without_a_subscription() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        AbstractXMPPConnection connection = verona.login("juliet", "capulet.com");
        Notes juliet = verona.listen(connection);
        romeo.link.watch(JULIET);
        romeo.link.watch(JULIET);
        juliet.link.watch(ROMEO);
        juliet.link.send(new Iq.Request(ROMEO, "after her presence", true, START));
        assertEquals("after her presence", ((Iq) romeo.next()).id());
        assertEquals(
                1,
                sent.stream()
                        .filter(stanza ->
                                stanza.to().filter(JULIET.toString()::equals).isPresent())
                        .count(),
                "presence is sent once");

        connection.disconnect();
        assertEquals(JULIET, romeo.next());
        assertEquals("the stream was closed", juliet.next());
    }

    @Test
    void a_bare_jid_that_goes_takes_its_watched_resources_with_it() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        romeo.link.watch(JULIET);
        romeo.link.watch(FullJid.parse("mallory@capulet.com/test"));
        inject("<presence type='unavailable' from='juliet@capulet.com'/>");
        inject("<presence type='unavailable' from='\u2665@capulet.com'/>");
        inject("<presence type='unavailable' from='\u2665@capulet.com/x'/>");
        romeo.link.unwatch(FullJid.parse("mallory@capulet.com/test"));
        inject("<presence type='unavailable' from='mallory@capulet.com'/>");
        inject("<iq type='set' id='last' from='" + JULIET + "'><start xmlns='urn:xmpp:tmp:xtls'/></iq>");
        assertEquals(JULIET, romeo.next());
        assertEquals("last", ((Iq) romeo.next()).id());
    }

    @Test
    void a_stream_that_breaks_takes_its_link_with_it_and_a_new_one_brings_a_new_link() throws Exception {
        // The presence that Smack repeats for a new feature could get in front of the next stream's header.
        AbstractXMPPConnection connection = verona.connect("romeo", "montague.net", false);
        connection.login();
        Notes romeo = verona.listen(connection);
        verona.server.drop(ROMEO.toString());
        assertTrue(romeo.next().toString().startsWith("the stream was lost: "));
        assertEquals(ROMEO.toString(), verona.withdrawn());
        romeo.link.send(new Iq.Request(JULIET, "into the void", true, START));
        romeo.link.watch(JULIET);

        connection.connect();
        connection.login();
        Notes again = new Notes(verona.link(connection));
        again.link.send(new Iq.Request(JULIET, "1", true, START));
        assertEquals("1", ((Iq) again.next()).id());
        assertTrue(romeo.empty());
    }

    @Test
    void a_server_that_shuts_down_takes_the_link_with_it() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        verona.server.close();
        assertEquals("the server ended the stream: system-shutdown", romeo.next());
        assertEquals(ROMEO.toString(), verona.withdrawn());
    }

    @Test
    void whoever_lets_go_of_a_link_with_its_service_has_heard_the_reason_before() throws Exception {
        Notes romeo = verona.listen(verona.login("romeo", "montague.net"));
        Notes juliet = verona.listen(verona.login("juliet", "capulet.com"));
        verona.letGoWithTheService(romeo);
        verona.letGoWithTheService(juliet);
        verona.server.drop(JULIET.toString());
        assertTrue(juliet.next().toString().startsWith("the stream was lost: "));
        assertEquals(JULIET.toString(), verona.withdrawn());

        verona.server.close();
        assertEquals("the server ended the stream: system-shutdown", romeo.next());
        assertEquals(ROMEO.toString(), verona.withdrawn());
        assertTrue(romeo.empty());
        assertTrue(juliet.empty());
    }

    @Test
    void who_withdraws_a_connection_whose_stream_died_may_say_of_what() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        ServiceRegistration<XMPPConnection> registration = verona.register(connection);
        Notes romeo = new Notes(verona.link(connection));
        verona.letGoWithTheService(romeo);
        connection.instantShutdown();
        registration.setProperties(
                FrameworkUtil.asDictionary(Map.of("xtls.lost", "the server ended the stream: conflict")));
        verona.unregister(registration);
        assertEquals("the server ended the stream: conflict", romeo.next());
        assertEquals(ROMEO.toString(), verona.withdrawn());
    }

    @Test
    void what_is_sent_after_the_end_of_the_transport_is_dropped_and_never_thrown_back() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        ExecutorService ended = SmackTransport.senders();
        ended.shutdownNow();
        SmackLink link = new SmackLink(ROMEO, connection, ended, () -> {});
        link.suspend();
        for (int i = 0; i < 40_000; i++) {
            link.send(new Iq.Request(JULIET, "r" + i, true, START));
        }
        link.resume();
        link.send(new Iq.Request(JULIET, "late", true, START));
        assertTrue(sent.stream()
                .noneMatch(stanza -> stanza.id().filter("late"::equals).isPresent()));
    }

    @Test
    void whoever_listens_to_a_lost_link_is_told_so() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        ServiceRegistration<XMPPConnection> registration = verona.register(connection);
        Link link = verona.link(connection);
        verona.unregister(registration);
        assertEquals("the connection was withdrawn", new Notes(link).next());
    }

    @Test
    void while_the_service_is_withdrawn_a_farewell_still_goes_out() throws Exception {
        AbstractXMPPConnection connection = verona.login("romeo", "montague.net");
        ServiceRegistration<XMPPConnection> registration = verona.register(connection);
        Link link = verona.link(connection);
        verona.context.addServiceListener(event -> {
            if (event.getType() == ServiceEvent.UNREGISTERING
                    && event.getServiceReference().getProperty(Link.LOCAL) != null) {
                link.send(new Iq.Request(JULIET, "farewell", true, Element.of("urn:xmpp:tmp:xtls", "close")));
            }
        });
        verona.unregister(registration);
        assertEquals("farewell", take("farewell", sent).id().orElseThrow());
    }

    @Test
    void other_listeners_of_the_connection_are_not_disturbed() throws Exception {
        AbstractXMPPConnection romeo = verona.login("romeo", "montague.net");
        AbstractXMPPConnection juliet = verona.login("juliet", "capulet.com");
        verona.register(romeo);
        BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
        romeo.addSyncStanzaListener(stanza -> bodies.add(((Message) stanza).getBody()), StanzaTypeFilter.MESSAGE);
        juliet.sendStanza(StanzaBuilder.buildMessage()
                .to(romeo.getUser())
                .setBody("good night")
                .build());
        assertEquals("good night", bodies.poll(20, TimeUnit.SECONDS));
        assertArrayEquals(new Object[0], bodies.toArray());
    }

    private void inject(String xml) {
        assertTrue(verona.server.inject(ROMEO.toString(), xml));
    }

    private static Stanza take(String id, BlockingQueue<Stanza> queue) throws InterruptedException {
        while (true) {
            Stanza stanza = queue.poll(20, TimeUnit.SECONDS);
            if (stanza == null) {
                throw new AssertionError("no stanza with the id " + id);
            }
            if (stanza.id().filter(id::equals).isPresent()) {
                return stanza;
            }
        }
    }

    private static Iq from(FullJid peer, Iq iq) {
        if (iq instanceof Iq.Request request) {
            return new Iq.Request(peer, request.id(), request.set(), request.payload());
        }
        if (iq instanceof Iq.Result result) {
            return new Iq.Result(peer, result.id(), result.payload());
        }
        return new Iq.Error(peer, iq.id(), ((Iq.Error) iq).error());
    }

    /** By hand: Smack's own way looks into a cache that all connections of a process share. */
    private static DiscoverInfo discover(XMPPConnection asking, XMPPConnection asked) throws Exception {
        return asking.sendIqRequestAndWaitForResponse(
                DiscoverInfo.builder(asking).to(asked.getUser()).build());
    }

    private static Object provider(String name, String namespace) {
        return ProviderManager.getIQProvider(name, namespace);
    }
}
