package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.End;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Secured;
import org.xtls.tests.stage.Talk;
import org.xtls.tests.wire.Relay;

/** Romeo and Juliet, each in a framework, through a real Prosody. */
class TunnelTest {
    /** In the text of every stanza below, so that what leaks can be found. */
    private static final String SECRET = "wherefore-art-thou";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    private static ProsodyServer server;
    private static Relay wire;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
        wire = new Relay(server.port());
    }

    @AfterAll
    static void nothing_in_the_clear_ever_held_what_they_said() throws IOException {
        wire.close();
        server.close();
        List<String> seen = wire.seen();
        List<String> data = new ArrayList<>();
        for (String direction : seen) {
            Matcher matcher = Pattern.compile("<data\\b[^>]*>([^<]+)</data>").matcher(direction);
            while (matcher.find()) {
                data.add(new String(Base64.getMimeDecoder().decode(matcher.group(1)), StandardCharsets.ISO_8859_1));
            }
        }
        String log = Files.readString(Path.of("target", "tests.log"));
        assertAll(
                () -> assertTrue(data.size() > 100, "the tap is deaf: it saw " + data.size() + " data"),
                () -> assertFalse(seen.stream().anyMatch(direction -> direction.contains(SECRET)), "in the clear"),
                () -> assertFalse(data.stream().anyMatch(bytes -> bytes.contains(SECRET)), "in Base64"),
                () -> assertTrue(log.contains(" org.xtls."), "nothing was logged"),
                () -> assertFalse(log.contains(SECRET), "in the log"));
    }

    @Test
    void a_chat_message_goes_end_to_end_both_ways_and_the_peer_itself_acknowledges() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Session romeo = scene.romeo();
            Session juliet = scene.juliet();

            Talk out = romeo.opensTo(juliet);
            Talk back = juliet.tunnel();
            assertEquals("PEER", now(out.send(chat("Neither, fair saint, if either thee dislike."))));
            String heard = juliet.hears();
            assertTrue(heard.contains("Neither, fair saint"), heard);
            assertTrue(heard.contains("from='" + romeo.jid() + "'"), heard);
            assertTrue(heard.contains("to='" + juliet.jid() + "'"), heard);
            assertEquals("PEER", now(back.send(chat("How camest thou hither?"))));
            assertTrue(romeo.next(Event.Kind.OPENED).peer().equals(juliet.jid()));
            assertTrue(romeo.hears().contains("How camest thou hither?"));

            for (Talk talk : List.of(out, back)) {
                Secured security = talk.security();
                assertEquals("x509", security.method());
                assertEquals("TLSv1.3", security.tls());
                assertEquals("X25519MLKEM768", security.group());
                assertEquals("VERIFIED", security.trust());
                assertTrue(security.offersConfirmed());
                assertEquals("PEER", security.acknowledgement());
            }
            assertEquals(juliet.fingerprint(), out.security().fingerprint());
            assertEquals(romeo.fingerprint(), back.security().fingerprint());
        }
    }

    @Test
    void juliet_may_begin_as_well() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk hers = scene.juliet().opensTo(scene.romeo());
            Talk his = scene.romeo().tunnel();
            assertEquals("PEER", now(hers.send(chat("Romeo?"))));
            assertTrue(scene.romeo().hears().contains("Romeo?"));
            assertEquals("PEER", now(his.send(chat("Call me but love."))));
        }
    }

    @Test
    void presence_goes_through_a_tunnel() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            scene.juliet().tunnel();
            assertEquals(
                    "PEER", now(out.send("<presence><show>away</show><status>" + SECRET + "</status></presence>")));
            String heard = scene.juliet().hears();
            assertTrue(heard.startsWith("<presence") && heard.contains("<show>away</show>"), heard);
        }
    }

    @Test
    void an_iq_goes_through_a_tunnel_and_one_that_nobody_takes_is_answered_inside_it() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Session romeo = scene.romeo();
            Talk out = romeo.opensTo(scene.juliet());
            romeo.next(Event.Kind.OPENED);
            scene.juliet().tunnel();
            now(out.send("<iq type='get' id='q1'><query xmlns='urn:example:" + SECRET + "'/></iq>"));
            assertTrue(scene.juliet().hears().contains("urn:example:" + SECRET));
            String answer = romeo.hears();
            assertTrue(answer.contains("id='q1'") && answer.contains("type='error'"), answer);
            assertTrue(answer.contains("service-unavailable"), answer);
        }
    }

    @Test
    void a_stanza_of_200_KiB_is_split_for_the_server_and_joined_for_juliet() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            scene.juliet().tunnel();
            String body = (SECRET + " \u2665 ").repeat(1 + 200 * 1024 / (SECRET.length() + 5));
            assertTrue(body.getBytes(StandardCharsets.UTF_8).length >= 200 * 1024);
            assertEquals("PEER", now(out.send(chat(body))));
            assertTrue(scene.juliet().hears().contains(body));
        }
    }

    @Test
    void a_thousand_stanzas_each_way_arrive_in_order_and_all_of_them() {
        int many = 1000;
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            scene.romeo().next(Event.Kind.OPENED);
            Talk back = scene.juliet().tunnel();
            List<CompletableFuture<String>> sent = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                sent.add(out.send(chat("to Juliet " + i + ".")));
                sent.add(back.send(chat("to Romeo " + i + ".")));
            }
            for (int i = 0; i < many; i++) {
                String hers = scene.juliet().hears();
                assertTrue(hers.contains("to Juliet " + i + "."), "stanza " + i + " to Juliet: " + hers);
                String his = scene.romeo().hears();
                assertTrue(his.contains("to Romeo " + i + "."), "stanza " + i + " to Romeo: " + his);
            }
            sent.forEach(one -> assertEquals("PEER", now(one)));
            assertEquals(List.of(), scene.romeo().unheard());
            assertEquals(List.of(), scene.juliet().unheard());
        }
    }

    @Test
    void the_side_that_began_may_close() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            closesInGoodOrder(out, back);
        }
    }

    @Test
    void the_side_that_answered_may_close() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            closesInGoodOrder(back, out);
        }
    }

    @Test
    void both_may_close_at_once_and_then_begin_anew() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            CompletableFuture<End> his = out.close();
            CompletableFuture<End> hers = back.close();
            assertTrue(now(his).orderly());
            assertTrue(now(hers).orderly());
            assertEquals("CLOSED", refused(out.send(chat("too late"))).code());
            scene.juliet().next(Event.Kind.CLOSED);

            Talk again = scene.juliet().opensTo(scene.romeo());
            assertEquals("PEER", now(again.send(chat("I have forgot why I did call thee back."))));
        }
    }

    @Test
    void both_may_begin_at_once_and_get_one_tunnel() {
        for (int round = 0; round < 5; round++) {
            try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
                CompletableFuture<Talk> his =
                        scene.romeo().opening(scene.juliet().jid());
                CompletableFuture<Talk> hers =
                        scene.juliet().opening(scene.romeo().jid());
                assertEquals("PEER", now(now(his).send(chat("Good night"))));
                assertEquals("PEER", now(now(hers).send(chat("good night!"))));
                assertEquals(1, scene.romeo().talks().size());
                assertEquals(1, scene.juliet().talks().size());
                scene.romeo().next(Event.Kind.OPENED);
                assertTrue(scene.romeo().hears().contains("good night!"));
                scene.juliet().next(Event.Kind.OPENED);
                assertTrue(scene.juliet().hears().contains("Good night"));
            }
        }
    }

    @Test
    void a_renewed_tunnel_takes_the_old_ones_place() {
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk old = scene.romeo().opensTo(scene.juliet());
            Talk hersOld = scene.juliet().tunnel();
            Talk fresh = now(old.renew());
            assertEquals("REPLACED", now(old.closed()).code());
            assertEquals("REPLACED", now(hersOld.closed()).code());
            assertEquals("PEER", now(fresh.send(chat("with fresh keys"))));
            assertEquals(1, scene.romeo().talks().size());
            assertEquals(1, scene.juliet().talks().size());
        }
    }

    @Test
    void who_accepts_on_first_use_gets_a_tunnel_marked_unverified() {
        THEATRE.romeo().actor().policy("first-use", "accept");
        THEATRE.juliet().actor().policy("first-use", "accept");
        try (Scene scene = THEATRE.scene(wire.port())) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("UNVERIFIED", out.security().trust());
            assertEquals("UNVERIFIED", scene.juliet().tunnel().security().trust());
            now(out.send(chat("my name, dear saint, is hateful to myself")));
            assertTrue(scene.juliet().hears().contains("hateful"));
        } finally {
            THEATRE.romeo().actor().policy("first-use", "ask");
            THEATRE.juliet().actor().policy("first-use", "ask");
        }
    }

    @Test
    void a_stranger_whom_nobody_vouches_for_gets_no_tunnel() {
        try (Scene scene = THEATRE.scene(wire.port())) {
            // Nobody is there to be asked, on either side. Each judges on its own, so that either may be told of the
            // other's judgement before its own is made; but somebody must have judged.
            Refusal his = refused(scene.romeo().opening(scene.juliet().jid()));
            Event hers = scene.juliet().next(Event.Kind.FAILED);
            Set<String> codes = Set.of("UNTRUSTED", "DISTRUSTED_BY_PEER");
            assertTrue(codes.contains(his.code()), his.toString());
            assertTrue(codes.contains(hers.code()), hers.toString());
            assertTrue(List.of(his.code(), hers.code()).contains("UNTRUSTED"), his + " " + hers);
            assertEquals(List.of(), scene.romeo().talks());
            assertEquals(List.of(), scene.juliet().talks());
        }
    }

    @Test
    void when_juliet_logs_off_romeo_learns_it_and_nothing_hangs() {
        Scene scene = THEATRE.scene(wire.port()).trusting();
        try (Session romeo = scene.romeo()) {
            Talk out = romeo.opensTo(scene.juliet());
            scene.juliet().tunnel();
            now(out.send(chat("Wilt thou leave me so unsatisfied?")));
            scene.juliet().close();
            End end = now(out.closed());
            // Her tunnel says goodbye before her stream ends: the server passes on the close before it tells that
            // she left.
            assertEquals("CLOSED_BY_PEER", end.code(), end.toString());
            assertTrue(end.orderly(), end.toString());
            assertEquals("CLOSED", refused(out.send(chat("gone"))).code());
            assertEquals(List.of(), romeo.talks());
        }
    }

    @Test
    void when_juliets_line_is_cut_in_mid_tunnel_every_pending_send_fails_with_the_reason() {
        Relay line = new Relay(server.port());
        Scene scene = THEATRE.scene(wire.port(), line.port()).trusting();
        try (Session romeo = scene.romeo()) {
            Talk out = romeo.opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            now(out.send(chat("It is my lady")));
            line.hold();
            List<CompletableFuture<String>> pending = pendingSends(out);
            line.close();
            assertEquals("PEER_GONE", now(out.closed()).code());
            assertEquals("LINK_LOST", now(back.closed()).code());
            pending.forEach(send -> assertEquals("PEER_GONE", refused(send).code()));
        } finally {
            line.close();
        }
    }

    @Test
    void when_the_server_dies_in_mid_tunnel_every_pending_send_fails_with_the_reason_and_life_goes_on() {
        ProsodyServer mortal = ProsodyServer.start(Theatre.users());
        try {
            Scene scene = THEATRE.scene(mortal.port()).trusting();
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            now(out.send(chat("Lady, by yonder blessed moon I swear")));
            mortal.freeze();
            List<CompletableFuture<String>> pending = pendingSends(out);
            pending.addAll(pendingSends(back));
            mortal.kill();
            for (CompletableFuture<String> send : pending) {
                Refusal refusal = refused(send);
                assertEquals("LINK_LOST", refusal.code(), refusal.toString());
                assertTrue(refusal.getMessage().contains("the stream was lost: "), refusal.toString());
            }
            for (Talk talk : List.of(out, back)) {
                End end = now(talk.closed());
                assertEquals("LINK_LOST", end.code(), end.toString());
                assertEquals("BETWEEN", end.fault());
                assertTrue(end.message().contains("the stream was lost: "), end.toString());
            }
        } finally {
            mortal.close();
        }
        try (Scene scene = THEATRE.scene(wire.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("PEER", now(out.send(chat("another server, another tunnel"))));
        }
    }

    private static List<CompletableFuture<String>> pendingSends(Talk talk) {
        List<CompletableFuture<String>> pending = new ArrayList<>();
        IntStream.range(0, 100).forEach(i -> pending.add(talk.send(chat("pending " + i))));
        return pending;
    }

    private static void closesInGoodOrder(Talk closing, Talk other) {
        now(closing.send(chat("Parting is such sweet sorrow")));
        End end = now(closing.close());
        assertTrue(end.orderly(), end.toString());
        assertEquals("CLOSED", end.code());
        End theirs = now(other.closed());
        assertTrue(theirs.orderly(), theirs.toString());
        assertEquals("CLOSED_BY_PEER", theirs.code());
        assertEquals("CLOSED", refused(closing.send(chat("too late"))).code());
        // A late send says only that there is no tunnel; why it ended is what closed() says.
        assertEquals("CLOSED", refused(other.send(chat("too late"))).code());
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + SECRET + " " + text + "</body></message>";
    }
}
