package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Actor;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/** Bundles, humans and servers come and go while tunnels live. */
class DynamicsTest {
    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    private static ProsodyServer server;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Test
    void without_the_engine_there_is_no_tunnel_and_with_it_there_is_one_again() {
        Actor romeo = THEATRE.romeo().actor();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            romeo.stop("org.xtls.tls.bc");
            try {
                assertEquals("SERVICE_GONE", now(out.closed()).code());
                assertEquals("CLOSED_BY_PEER", now(back.closed()).code());
                assertEquals(
                        "SERVICE_GONE",
                        refused(scene.romeo().opening(scene.juliet().jid())).code());
            } finally {
                romeo.start("org.xtls.tls.bc");
            }
            assertEquals("PEER", now(scene.romeo().opensTo(scene.juliet()).send(chat("again"))));
        }
    }

    @Test
    void an_established_tunnel_outlives_its_method_and_a_new_one_waits_for_the_methods_return() {
        Actor romeo = THEATRE.romeo().actor();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            romeo.stop("org.xtls.auth.x509");
            try {
                assertEquals("PEER", now(out.send(chat("TLS has its keys"))));
                now(out.close());
                Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
                assertEquals("SERVICE_GONE", refusal.code(), refusal.toString());
            } finally {
                romeo.start("org.xtls.auth.x509");
            }
            assertEquals("PEER", now(scene.romeo().opensTo(scene.juliet()).send(chat("again"))));
        }
    }

    @Test
    void when_the_transport_goes_tunnels_end_and_when_it_is_back_the_same_login_carries_new_ones() {
        Actor romeo = THEATRE.romeo().actor();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            romeo.stop("org.xtls.transport.smack");
            try {
                assertEquals("LINK_LOST", now(out.closed()).code());
                assertEquals("CLOSED_BY_PEER", now(back.closed()).code());
            } finally {
                romeo.start("org.xtls.transport.smack");
            }
            assertEquals("PEER", now(scene.romeo().opensTo(scene.juliet()).send(chat("again"))));
        }
    }

    @Test
    void when_the_tunnel_bundle_goes_both_sides_learn_it_and_it_comes_back() {
        Actor romeo = THEATRE.romeo().actor();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            romeo.stop("org.xtls.tunnel");
            try {
                assertEquals("SERVICE_GONE", now(out.closed()).code());
                assertEquals("CLOSED_BY_PEER", now(back.closed()).code());
            } finally {
                romeo.start("org.xtls.tunnel");
            }
            assertEquals("PEER", now(scene.romeo().opensTo(scene.juliet()).send(chat("again"))));
        }
    }

    @Test
    void humans_who_have_compared_the_fingerprints_make_a_verified_tunnel_of_a_first_meeting() {
        Runnable his = THEATRE.romeo().actor().prompt("VERIFIED");
        Runnable hers = THEATRE.juliet().actor().prompt("VERIFIED");
        try (Scene scene = THEATRE.scene(server.port())) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            assertEquals("VERIFIED", out.security().trust());
            assertEquals("VERIFIED", scene.juliet().tunnel().security().trust());
            assertEquals("PEER", now(out.send(chat("If I profane with my unworthiest hand"))));
        } finally {
            his.run();
            hers.run();
        }
    }

    @Test
    void a_human_who_says_no_gets_no_tunnel() {
        Runnable his = THEATRE.romeo().actor().prompt("VERIFIED");
        Runnable hers = THEATRE.juliet().actor().prompt("REJECT");
        try (Scene scene = THEATRE.scene(server.port())) {
            Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("DISTRUSTED_BY_PEER", refusal.code(), refusal.toString());
        } finally {
            his.run();
            hers.run();
        }
    }

    @Test
    void a_server_with_tls_is_talked_to_only_under_the_pinned_certificate() {
        try (ProsodyServer secured = ProsodyServer.startWithTls(Theatre.users())) {
            String account = "romeo0@montague.net";
            Actor romeo = THEATRE.romeo().actor();
            String jid =
                    now(romeo.connect(account, "secret", secured.port(), "balcony", "pin:" + secured.fingerprint()));
            assertEquals(account + "/balcony", jid);
            now(romeo.disconnect(jid));
            for (String tls : List.of("pin:" + "ab".repeat(32), "required")) {
                Refusal refusal = refused(romeo.connect(account, "secret", secured.port(), "balcony", tls));
                assertEquals("LINK_LOST", refusal.code(), refusal.toString());
                assertEquals("BETWEEN", refusal.fault());
                assertTrue(refusal.getMessage().contains(secured.fingerprint()), refusal.toString());
            }
            Refusal refusal = refused(romeo.connect(account, "secret", secured.port(), "balcony", "disabled"));
            assertEquals("LOCAL", refusal.code(), refusal.toString());
            assertTrue(refusal.getMessage().contains("insists on TLS"), refusal.toString());
        }
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text + "</body></message>";
    }
}
