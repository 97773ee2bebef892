package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.ClassPathBundles;
import org.xtls.tests.container.Container;
import org.xtls.tests.stage.End;
import org.xtls.tests.stage.Talk;

/** The whole of it once, on Equinox: two containers negotiate, talk, swap a method, and close. */
class EquinoxTest {
    private static final String METHOD = "org.xtls.auth.x509";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    private static LoopbackServer server;

    @BeforeAll
    static void startServer() throws IOException {
        LoopbackServer.Builder builder = LoopbackServer.builder();
        Stream.of(Theatre.users()).forEach(builder::user);
        server = builder.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Test
    void both_containers_run_on_equinox_and_everything_in_them_is_active() {
        for (Player player : List.of(THEATRE.romeo(), THEATRE.juliet())) {
            Container container = player.container();
            assertEquals("org.eclipse.osgi", container.context().getBundle(0).getSymbolicName());
            List<String> others = Stream.of(container.context().getBundles())
                    .filter(bundle -> bundle.getState() != Bundle.ACTIVE)
                    .filter(bundle -> bundle.getHeaders().get("Fragment-Host") == null)
                    .map(bundle -> bundle + " in state " + bundle.getState())
                    .toList();
            assertEquals(List.of(), others);
        }
    }

    @Test
    void a_tunnel_carries_stanzas_both_ways_and_is_closed_in_good_order() {
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());
            Talk back = scene.juliet().tunnel();
            assertEquals("TLSv1.3", out.security().tls());
            assertEquals("VERIFIED", out.security().trust());
            assertEquals("VERIFIED", back.security().trust());

            assertEquals("PEER", now(out.send(chat("With love's light wings"))));
            assertTrue(scene.juliet().hears().contains("light wings"));
            assertEquals("PEER", now(back.send(chat("If they do see thee"))));

            assertTrue(now(out.close()).orderly());
            End hers = now(back.closed());
            assertTrue(hers.orderly(), hers.toString());
        }
    }

    @Test
    void a_method_is_swapped_under_an_open_tunnel() throws Exception {
        Container romeos = THEATRE.romeo().container();
        Bundle method = romeos.bundle(METHOD);
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk out = scene.romeo().opensTo(scene.juliet());

            method.stop();
            try {
                assertEquals("PEER", now(out.send(chat("TLS has its keys"))));
                now(out.close());
                assertEquals(
                        "SERVICE_GONE",
                        refused(scene.romeo().opening(scene.juliet().jid())).code());
            } finally {
                method.start();
            }
            update(romeos, method);

            Talk again = scene.romeo().opensTo(scene.juliet());
            assertEquals("x509", again.security().method());
            assertEquals("PEER", now(again.send(chat("again"))));
            assertTrue(now(again.close()).orderly());
        }
    }

    private static void update(Container container, Bundle bundle) throws IOException, BundleException {
        try (InputStream jar = Files.newInputStream(ClassPathBundles.jar(bundle.getSymbolicName()))) {
            bundle.update(jar);
        }
        container.refresh(bundle);
        assertEquals(Bundle.ACTIVE, bundle.getState());
    }

    private static String chat(String text) {
        return "<message type='chat'><body>" + text.replace("'", "&apos;") + "</body></message>";
    }
}
