package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Failure.Code;
import org.xtls.Stanza;
import org.xtls.tls.Alert;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.xml.Element;

/** What goes on inside a tunnel: stanzas, their addresses, their acknowledgement, and the IQs that carry them. */
class InnerStanzasTest {
    // ---- stanzas

    @Test
    void every_kind_of_stanza_comes_out_as_it_went_in_with_the_authenticated_addresses() {
        World world = World.withTunnel();
        List<Stanza> stanzas = List.of(
                Stanza.parse("<message type='chat' id='1'><body>&lt;O Romeo&gt; &amp; ü 🌹</body></message>"),
                Stanza.parse("<presence><show>away</show></presence>"),
                Stanza.parse("<iq type='get' id='2'><query xmlns='jabber:iq:version'/></iq>"),
                Stanza.parse("<message xml:lang='it'><x xmlns='urn:example' a='&quot;'>\n t </x></message>"));
        stanzas.forEach(world.romeo::send);
        world.settle();
        assertEquals(
                stanzas.stream()
                        .map(stanza -> stanza.between(World.ROMEO, World.JULIET))
                        .toList(),
                world.juliet.delivered);
    }

    @Test
    void the_sender_strips_the_addresses() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        world.romeo.send(Stanza.parse("<message from='romeo@montague.net/orchard' to='x@y'><body>hi</body></message>"));
        peer.settle();
        assertTrue(peer.allHeard().contains("<message><body>hi</body></message>"), peer.allHeard());
    }

    @Test
    void a_stanza_of_200_kib_is_split_and_joined() {
        World world = World.withTunnel();
        String body = "But soft, what light ".repeat(10_240);
        world.romeo.send(body);
        world.juliet.send(body);
        world.settle();
        assertEquals(List.of(body), world.juliet.bodies());
        assertEquals(List.of(body), world.romeo.bodies());
        assertTrue(world.romeo.requests("data").size() > 10);
    }

    @Test
    void a_thousand_stanzas_each_way_arrive_in_order_and_are_acknowledged_by_the_peer() {
        World world = World.withTunnel();
        List<String> bodies = IntStream.range(0, 1_000).mapToObj(i -> "n" + i).toList();
        bodies.forEach(body -> {
            world.romeo.send(body);
            world.juliet.send(body);
        });
        world.settle();
        for (World.Side side : List.of(world.romeo, world.juliet)) {
            assertEquals(bodies, side.bodies());
            assertEquals(1_000, side.acknowledged.size());
            assertTrue(side.acknowledged.values().stream().allMatch(by -> by == Acknowledgement.PEER));
            assertEquals(1_000, side.conversation.status().acknowledged());
            assertEquals(1_000, side.conversation.status().received());
        }
    }

    @Test
    void nothing_that_the_server_saw_holds_a_word_of_it() {
        World world = World.withTunnel();
        world.romeo.send("wherefore art thou");
        world.settle();
        assertTrue(world.seen.stream()
                .noneMatch(xml -> xml.contains("wherefore")
                        || xml.contains(
                                Base64.getEncoder().encodeToString("wherefore".getBytes(StandardCharsets.UTF_8)))));
        assertEquals(List.of("wherefore art thou"), world.juliet.bodies());
    }

    @Test
    void a_stanza_over_the_limit_fails_alone() {
        World world = World.withTunnel();
        long large = world.romeo.send("x".repeat(world.romeo.settings.stanzaBytes()));
        long next = world.romeo.send("the next one");
        world.settle();
        assertEquals(Code.LIMIT, world.romeo.failedSends.get(large).code());
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(next));
    }

    @Test
    void a_queue_over_its_bound_fails_the_send_and_nothing_else() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        String body = "x".repeat(400_000);
        List<Long> sends = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            sends.add(world.romeo.send(body));
        }
        assertTrue(world.romeo.isUp());
        assertFalse(world.romeo.failedSends.containsKey(sends.get(0)));
        assertEquals(Code.LIMIT, world.romeo.failedSends.get(sends.get(29)).code());
        assertTrue(world.romeo.conversation.status().queued() <= 21);
    }

    @Test
    void a_peer_that_asks_without_taking_answers_does_not_fill_the_memory() {
        World world = World.withTunnel();
        world.server = (from, iq) -> List.of();
        Stanza reply = Stanza.parse("<iq type='error' id='1'><x xmlns='urn:x'>" + "x".repeat(400_000) + "</x></iq>");
        for (int i = 0; i < 40 && world.romeo.isUp(); i++) {
            world.romeo.perform(world.romeo.conversation.send(-1, world.romeo.current(), reply, world.now));
        }
        assertFalse(world.romeo.isUp());
        world.pass(world.romeo.settings.answerMillis());
        assertEquals(Code.LIMIT, world.romeo.closure().failure().code());
    }

    @Test
    void a_peers_stanza_over_the_limit_closes_the_tunnel() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.write("<message xmlns='jabber:client'><body>");
        for (int i = 0; i < 40 && world.romeo.isUp(); i++) {
            peer.says("x".repeat(16_000));
        }
        assertEquals(Code.LIMIT, world.romeo.closure().failure().code());
        assertTrue(peer.session().peerClosed(), "the peer had its goodbye");
    }

    @Test
    void a_peers_stanza_at_the_limit_is_taken() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        String frame = "<message xmlns='jabber:client'><body></body></message>";
        String body = "x".repeat(world.romeo.settings.stanzaBytes() - frame.length());
        peer.says(frame.replace("<body>", "<body>" + body));
        assertEquals(List.of(body), world.romeo.bodies());
        peer.says(frame.replace("<body>", "<body>" + body + "x"));
        assertEquals(Code.LIMIT, world.romeo.closure().failure().code());
    }

    @Test
    void forbidden_xml_inside_closes_the_tunnel() {
        for (String xml : List.of(
                "<!DOCTYPE message [<!ENTITY a 'aaaa'>]><message xmlns='jabber:client'><body>&a;</body></message>",
                "<message xmlns='jabber:client'><!DOCTYPE x><body/></message>",
                "<message xmlns='jabber:client'><body>&a;</body></message>",
                "<message xmlns='jabber:client' id='&a;'/>",
                "<?target data?>",
                "<message xmlns='jabber:client'><?target data?></message>",
                "<?xml version='1.0'?><message xmlns='jabber:client'/>",
                "<!-- a comment --><message xmlns='jabber:client'/>",
                "<message xmlns='jabber:client'><!-- a comment --></message>",
                "text between stanzas<message xmlns='jabber:client'/>",
                "<![CDATA[text between stanzas]]>",
                "<message xmlns='jabber:client'></presence>",
                "<message xmlns='jabber:client' a='1' a='2'/>",
                "<unbound:message/>",
                "</tunnel>",
                "<message xmlns='jabber:client'>\u0001</message>",
                "<message xmlns='jabber:server'/>",
                "<other xmlns='jabber:client'/>",
                "<iq xmlns='jabber:client' type='get'/>",
                "<iq xmlns='jabber:client' type='other' id='1'/>",
                "<a xmlns='urn:xmpp:sm:3'/>",
                "<a xmlns='urn:xmpp:sm:3' h='x'/>",
                "<a xmlns='urn:xmpp:sm:3' h='-1'/>",
                "<a xmlns='urn:xmpp:sm:3' h='4294967296'/>",
                "<a xmlns='urn:xmpp:sm:3' h='99999999999999999999'/>",
                "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>")) {
            World world = new World();
            RawPeer peer = RawPeer.asResponder(world);
            peer.says(xml + " ");
            assertEquals(1, world.romeo.closed.size(), xml);
            assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code(), xml);
            assertEquals(List.of(), world.romeo.delivered, xml);
            assertTrue(peer.session().peerClosed(), xml);
            assertEquals(1, world.romeo.requests("close").size(), xml);
        }
    }

    @Test
    void what_a_peer_sends_does_not_break_lines_or_blow_up_the_message_about_it() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<message xmlns='evil&#10;2026-01-01 tunnel t9 up: &#x202E;" + "x".repeat(10_000) + "'/>");
        String text = world.romeo.closure().failure().text();
        assertTrue(text.lines().count() == 1 && text.length() <= 1_001, text);
        assertFalse(text.contains("\u202E"));
    }

    @Test
    void text_in_cdata_is_text() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<message xmlns='jabber:client'><body>a<![CDATA[<b>]]>c</body></message>");
        assertEquals(List.of("a<b>c"), world.romeo.bodies());
    }

    @Test
    void white_space_between_stanzas_is_taken_and_counts_for_none() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        for (int i = 0; i < 60; i++) {
            peer.says(" \n\t".repeat(5_000));
        }
        peer.says(" <message xmlns='jabber:client'><body>hi</body></message> ");
        assertEquals(List.of("hi"), world.romeo.bodies());
    }

    @Test
    void the_stanzas_namespace_is_assumed_when_absent() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<message><body>hi</body></message>");
        assertEquals(List.of("hi"), world.romeo.bodies());
    }

    @Test
    void a_stanza_may_come_in_any_number_of_pieces() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        for (byte b : "<message><body>h\u00fc</body></message>".getBytes(StandardCharsets.UTF_8)) {
            peer.write(new byte[] {b});
        }
        peer.settle();
        assertEquals(List.of("h\u00fc"), world.romeo.bodies());
    }

    @Test
    void own_addresses_are_accepted_inside_and_replaced_by_the_authenticated_ones() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.says("<message from='juliet@capulet.com/balcony' to='romeo@montague.net/orchard'/>");
        peer.says("<message from='JULIET@capulet.com' to='romeo@montague.net'/>");
        assertEquals(2, world.romeo.delivered.size());
        for (Stanza stanza : world.romeo.delivered) {
            assertEquals(Optional.of(World.JULIET.toString()), stanza.element().attribute("from"));
            assertEquals(Optional.of(World.ROMEO.toString()), stanza.element().attribute("to"));
        }
    }

    @Test
    void foreign_addresses_inside_close_the_tunnel() {
        for (String address : List.of(
                "from='nurse@capulet.com'",
                "from='juliet@capulet.com/chamber'",
                "from='romeo@montague.net'",
                "from=''",
                "from='@'",
                "to='nurse@capulet.com'",
                "to='romeo@montague.net/other'",
                "to='juliet@capulet.com'")) {
            World world = new World();
            RawPeer peer = RawPeer.asResponder(world);
            peer.says("<message " + address + "><body>hi</body></message>");
            assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code(), address);
            assertEquals(List.of(), world.romeo.delivered, address);
        }
    }

    // ---- acknowledgements

    @Test
    void the_peers_count_completes_the_sends_up_to_it() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        long first = world.romeo.send("one");
        long second = world.romeo.send("two");
        peer.settle();
        assertTrue(world.romeo.acknowledged.isEmpty(), "the IQ's result proves nothing");
        // Romeo's confirmation and its answer to the peer's come before.
        peer.says("<a xmlns='urn:xmpp:sm:3' h='3'/>");
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(first));
        assertFalse(world.romeo.acknowledged.containsKey(second));
        peer.says("<a xmlns='urn:xmpp:sm:3' h='4'/>");
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(second));
    }

    @Test
    void a_count_beyond_what_was_sent_closes_the_tunnel() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        long pending = world.romeo.send("one");
        peer.settle();
        peer.says("<a xmlns='urn:xmpp:sm:3' h='4'/>");
        assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code());
        assertTrue(world.romeo.failedSends.containsKey(pending));
    }

    @Test
    void a_count_that_goes_back_closes_the_tunnel() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        world.romeo.send("one");
        peer.settle();
        peer.says("<a xmlns='urn:xmpp:sm:3' h='3'/>");
        peer.says("<a xmlns='urn:xmpp:sm:3' h='3'/>");
        assertTrue(world.romeo.isUp(), "saying it twice is allowed");
        peer.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code());
    }

    @Test
    void the_count_goes_round_at_2_to_the_32() throws ReflectiveOperationException {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        long nearly = (1L << 32) - 1;
        // Four thousand million stanzas would take a while.
        Object channel = field(Conversation.class, "tunnel").get(world.romeo.conversation);
        field(Channel.class, "innerSent").setLong(channel, nearly);
        field(Channel.class, "innerAcknowledged").setLong(channel, nearly);
        field(Channel.class, "innerReceived").setLong(channel, nearly);
        long first = world.romeo.send("the one that is number 0");
        long second = world.romeo.send("the one that is number 1");
        peer.settle();
        peer.says("<a xmlns='urn:xmpp:sm:3' h='0'/>");
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(first));
        assertFalse(world.romeo.acknowledged.containsKey(second));
        peer.says("<a xmlns='urn:xmpp:sm:3' h='1'/>");
        assertEquals(Acknowledgement.PEER, world.romeo.acknowledged.get(second));
        peer.heard.clear();
        peer.says("<message/><message/><r xmlns='urn:xmpp:sm:3'/>");
        assertTrue(peer.allHeard().contains("h='1'"), peer.allHeard());
    }

    @Test
    void a_request_is_answered_with_the_count_of_stanzas_taken_over() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        peer.says("<r xmlns='urn:xmpp:sm:3'/>");
        assertTrue(peer.heard.get(peer.heard.size() - 1).contains("h='1'"), "the confirmation counts");
        peer.says("<message/><r xmlns='urn:xmpp:sm:3'/><presence/><r xmlns='urn:xmpp:sm:3'/>");
        assertTrue(peer.heard.get(peer.heard.size() - 1).contains("h='3'"));
    }

    @Test
    void a_peer_that_asks_without_taking_answers_gets_no_pile_of_acknowledgements() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        peer.answersData = false;
        for (int i = 0; i < 200; i++) {
            peer.says("<r xmlns='urn:xmpp:sm:3'/>");
        }
        assertTrue(world.romeo.unansweredData() <= world.romeo.settings.window());
    }

    @Test
    void towards_a_plain_peer_the_links_word_completes_a_send_and_is_marked_as_such() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        assertEquals(Acknowledgement.LINK, world.romeo.opened.get(0).acknowledgement());
        long token = world.romeo.send("hi");
        assertTrue(world.romeo.acknowledged.isEmpty());
        peer.settle();
        assertEquals(Acknowledgement.LINK, world.romeo.acknowledged.get(token));
        assertFalse(peer.allHeard().contains("urn:xmpp:sm:3"), "a plain peer is not asked");
    }

    @Test
    void towards_a_plain_peer_a_send_completes_with_its_last_iq() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.answersData = false;
        long token = world.romeo.send("x".repeat(100_000));
        peer.settle();
        List<Iq.Request> data = world.romeo.requests("data").stream()
                .skip(world.romeo.requests("data").size() - 7)
                .toList();
        for (Iq.Request request : data) {
            assertTrue(world.romeo.acknowledged.isEmpty());
            peer.answer(request, null);
            peer.settle();
        }
        assertEquals(Acknowledgement.LINK, world.romeo.acknowledged.get(token));
    }

    @Test
    void a_plain_peers_counts_are_not_taken_for_its_word() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.answersData = false;
        world.romeo.send("hi");
        peer.settle();
        peer.says("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        assertTrue(world.romeo.acknowledged.isEmpty());
    }

    @Test
    void a_server_that_answers_for_the_peer_and_drops_what_it_should_pass_on_acknowledges_nothing() {
        World world = World.withTunnel();
        world.server = (from, iq) -> {
            if (iq instanceof Iq.Request) {
                from.inbox.add(new Iq.Result(from.other, iq.id(), null));
            }
            return List.of();
        };
        long first = world.romeo.send("swallowed");
        world.settle();
        long second = world.romeo.send("swallowed too");
        world.settle();
        assertTrue(world.romeo.acknowledged.isEmpty());
        assertEquals(0, world.romeo.unansweredData(), "as far as IQs go all is well");
        world.pass(world.romeo.settings.answerMillis());
        world.settle();
        assertEquals(Code.TIMEOUT, world.romeo.failedSends.get(first).code());
        assertEquals(Code.TIMEOUT, world.romeo.failedSends.get(second).code());
        assertTrue(world.romeo.acknowledged.isEmpty());
    }

    @Test
    void the_peers_word_is_asked_for_once_in_each_half_window_and_after_the_last_stanza() {
        World world = new World();
        RawPeer peer = RawPeer.confirming(world);
        peer.heard.clear();
        for (int i = 0; i < 100; i++) {
            world.romeo.send("x".repeat(15_000));
        }
        peer.settle();
        int since = 0;
        for (String text : peer.heard) {
            since = text.contains("<r ") ? 0 : since + 1;
            assertTrue(since <= world.romeo.settings.window() / 2, "too long without asking");
        }
        assertTrue(peer.allHeard().endsWith("<r xmlns='urn:xmpp:sm:3'/>"));
    }

    // ---- data IQs

    @Test
    void never_more_than_a_window_is_unanswered() {
        World world = World.withTunnel();
        List<Iq> withheld = new ArrayList<>();
        world.server = (from, iq) -> {
            if (from == world.juliet && iq instanceof Iq.Result) {
                withheld.add(iq);
                return List.of();
            }
            return List.of(iq);
        };
        for (int i = 0; i < 100; i++) {
            world.romeo.send("x".repeat(15_000));
        }
        world.settle();
        assertEquals(world.romeo.settings.window(), world.romeo.unansweredData());
        while (!withheld.isEmpty()) {
            Iq.Result result = (Iq.Result) withheld.remove(0);
            world.romeo.inbox.add(new Iq.Result(World.JULIET, result.id(), null));
            world.settle();
            assertTrue(world.romeo.unansweredData() <= world.romeo.settings.window());
        }
        assertEquals(100, world.juliet.delivered.size());
        assertEquals(100, world.romeo.acknowledged.size());
    }

    @Test
    void an_iq_ends_where_a_record_ends_and_keeps_to_its_size() {
        World world = World.withTunnel();
        world.romeo.send("x".repeat(150_000));
        IntStream.range(0, 50).forEach(i -> world.romeo.send("y".repeat(i * 100)));
        world.settle();
        for (Iq.Request request : world.romeo.requests("data")) {
            byte[] bytes = Base64.getDecoder().decode(request.payload().text());
            assertTrue(bytes.length <= world.romeo.settings.iqBytes());
            int at = 0;
            while (at < bytes.length) {
                at += 5 + ((bytes[at + 3] & 0xFF) << 8 | bytes[at + 4] & 0xFF);
            }
            assertEquals(bytes.length, at, "an IQ ends within a record");
        }
    }

    @Test
    void larger_iqs_may_be_configured_and_hold_several_records() {
        World world = new World();
        Settings d = Settings.DEFAULT;
        world.romeo.settings = new Settings(
                d.window(),
                100_000,
                d.dataBytes(),
                d.stanzaBytes(),
                d.queueBytes(),
                d.negotiationMillis(),
                d.answerMillis());
        world.romeo.open();
        world.settle();
        int before = world.romeo.requests("data").size();
        world.romeo.send("x".repeat(150_000));
        world.settle();
        assertEquals(1, world.juliet.delivered.size());
        assertEquals(2, world.romeo.requests("data").size() - before);
    }

    @Test
    void records_may_be_cut_anywhere_on_the_way() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        try {
            peer.session().write("<message><body>cut</body></message>".getBytes(StandardCharsets.US_ASCII));
        } catch (org.xtls.tls.TlsException e) {
            throw new AssertionError(e);
        }
        for (byte[] record : peer.session().takeRecords()) {
            for (byte b : record) {
                peer.request(Wire.data(new byte[] {b}, Optional.empty()));
            }
        }
        peer.settle();
        assertEquals(List.of("cut"), world.romeo.bodies());
    }

    @Test
    void white_space_in_base64_is_ignored() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        try {
            peer.session().write("<message/>".getBytes(StandardCharsets.US_ASCII));
        } catch (org.xtls.tls.TlsException e) {
            throw new AssertionError(e);
        }
        String base64 =
                Base64.getEncoder().encodeToString(peer.session().takeRecords().get(0));
        peer.request(AgreementTest.data(" \n" + base64.replaceAll("(.{10})", "$1\r\n\t ") + "\n"));
        peer.settle();
        assertEquals(1, world.romeo.delivered.size());
    }

    @Test
    void data_that_is_no_base64_is_a_bad_request_and_closes_the_tunnel() {
        for (Element data : List.of(
                AgreementTest.data("AAA"),
                AgreementTest.data("AA*A"),
                AgreementTest.data("AA==AAAA"),
                AgreementTest.data("===="),
                AgreementTest.data("AAAA\u00a0AAAA"),
                AgreementTest.data("AAAA").with(Element.of("urn:x", "y")))) {
            World world = World.withTunnel();
            long pending = world.romeo.send("unacknowledged");
            world.romeo.inbox.clear();
            world.romeo.inbox.add(new Iq.Request(World.JULIET, "bad", true, data));
            world.romeo.take();
            Iq.Error error = AgreementTest.assertCondition(Condition.BAD_REQUEST, world.romeo.answerTo("bad"));
            assertEquals("modify", error.error().condition().type());
            assertEquals(Code.PROTOCOL, world.romeo.closure().failure().code());
            assertTrue(world.romeo.failedSends.containsKey(pending));
            assertTrue(world.romeo.conversation.isIdle());
        }
    }

    @Test
    void more_data_than_one_iq_may_hold_violates_policy_and_closes_the_tunnel() {
        World world = World.withTunnel();
        byte[] large = new byte[world.romeo.settings.dataBytes() + 1];
        Iq answer = world.romeo.asked(true, Wire.data(large, Optional.empty()));
        Iq.Error error = AgreementTest.assertCondition(Condition.POLICY_VIOLATION, answer);
        assertEquals("modify", error.error().condition().type());
        assertEquals(Code.LIMIT, world.romeo.closure().failure().code());
    }

    @Test
    void empty_data_is_answered_and_means_nothing() {
        World world = World.withTunnel();
        assertInstanceOf(Iq.Result.class, world.romeo.asked(true, Element.of(Wire.XTLS, "data")));
        assertTrue(world.romeo.isUp());
    }

    @Test
    void a_spoiled_record_ends_in_an_alert_and_then_a_close() {
        World world = World.withTunnel();
        assertInstanceOf(
                Iq.Result.class,
                world.romeo.asked(
                        true,
                        Wire.data(
                                new byte[] {
                                    23, 3, 3, 0, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                    20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40
                                },
                                Optional.empty())));
        assertEquals(Code.TLS, world.romeo.closure().failure().code());
        int close = world.romeo.sent.indexOf(world.romeo.requests("close").get(0));
        Iq.Request alert = (Iq.Request) world.romeo.sent.get(close - 1);
        assertEquals("data", alert.payload().name());
        assertEquals(Code.TLS, world.juliet.closure().failure().code(), "the peer has the alert before the close");
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    @Test
    void a_peers_alert_ends_the_tunnel() {
        World world = new World();
        RawPeer peer = RawPeer.asResponder(world);
        peer.session().abort(Alert.INTERNAL_ERROR);
        peer.flush();
        peer.settle();
        assertEquals(Code.TLS, world.romeo.closure().failure().code());
        assertTrue(world.romeo
                .closure()
                .failure()
                .message()
                .toUpperCase(Locale.ROOT)
                .contains("INTERNAL_ERROR"));
    }

    private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
