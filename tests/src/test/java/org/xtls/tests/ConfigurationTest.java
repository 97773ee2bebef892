package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.xtls.tests.Waiting.now;
import static org.xtls.tests.Waiting.refused;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Actor;
import org.xtls.tests.stage.Refusal;
import org.xtls.tests.stage.Talk;

/** A configuration that was wrong from the start is what users are told, and its correction needs no restart. */
class ConfigurationTest {
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

    static Stream<Arguments> wrongValues() {
        return Stream.of(
                arguments("org.xtls.policy", "org.xtls.tunnel", "first-use", "perhaps", "LOCAL"),
                arguments("org.xtls.tunnel", "org.xtls.tunnel", "window", 0, "LOCAL"),
                arguments("org.xtls.trust.file", "org.xtls.trust.file", "firstUseLimit", -1, "LOCAL"),
                arguments("org.xtls.auth.x509", "org.xtls.auth.x509", "directory", "no\0path", "NO_COMMON_METHOD"));
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("wrongValues")
    void a_wrong_value_stops_tunnels_until_it_is_corrected(
            String pid, String bundle, String key, Object wrong, String code) {
        Actor romeo = THEATRE.romeo().actor();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            romeo.stop(bundle);
            romeo.configure(pid, Map.of(key, wrong));
            romeo.start(bundle);
            try {
                Refusal refusal = refused(scene.romeo().opening(scene.juliet().jid()));
                assertEquals(code, refusal.code(), refusal.toString());
                assertEquals("LOCAL", refusal.fault());
                assertTrue(refusal.getMessage().contains(pid), refusal.toString());
                assertTrue(refusal.getMessage().contains(key), refusal.toString());
            } finally {
                romeo.configure(pid, Collections.singletonMap(key, null));
            }
            Talk out = opensOnceCorrected(scene, pid);
            assertEquals("PEER", now(out.send("<message><body>corrected</body></message>")));
        }
    }

    @Test
    void a_login_with_a_wrong_value_is_made_once_it_is_corrected() {
        Actor romeo = THEATRE.romeo().actor();
        String pid = "org.xtls.connection.smack~configured";
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            scene.romeo().close();
            Map<String, Object> account = new HashMap<>();
            account.put("jid", scene.romeo().account());
            account.put(".password", "secret");
            account.put("host", "127.0.0.1");
            account.put("port", server.port());
            account.put("resource", "orchard");
            account.put("serverTls", "sometimes");
            romeo.stop("org.xtls.connection.smack");
            romeo.configure(pid, account);
            LogMark log = LogMark.now();
            romeo.start("org.xtls.connection.smack");
            try {
                List<String> complaints = log.complaints();
                assertTrue(
                        complaints.stream().anyMatch(line -> line.contains(pid) && line.contains("sometimes")),
                        complaints.toString());
                assertEquals(
                        "LINK_LOST",
                        refused(scene.romeo().opening(scene.juliet().jid())).code());
                romeo.configure(pid, Map.of("serverTls", "disabled"));
                romeo.awaitLink(scene.romeo().jid());
                Talk out = scene.romeo().opensTo(scene.juliet());
                assertEquals("PEER", now(out.send("<message><body>corrected</body></message>")));
            } finally {
                romeo.unconfigure(pid);
            }
        }
    }

    /** ConfigAdmin tells of a change on a thread of its own: until then the old answer is right. */
    private static Talk opensOnceCorrected(Scene scene, String pid) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waiting.PATIENCE_SECONDS);
        CompletableFuture<Talk> opening = scene.romeo().opening(scene.juliet().jid());
        while (System.nanoTime() < end) {
            Refusal still = opening.handle((talk, error) -> error instanceof Refusal refusal ? refusal : null)
                    .join();
            if (still == null || !still.getMessage().contains(pid)) {
                break;
            }
            opening = scene.romeo().opening(scene.juliet().jid());
        }
        return now(opening);
    }
}
