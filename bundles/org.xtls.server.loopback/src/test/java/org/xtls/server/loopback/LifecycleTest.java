package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.net.Socket;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LifecycleTest {

    private static final String ROMEO = "romeo@montague.net/orchard";
    private static final String JULIET = "juliet@capulet.com/balcony";

    private LoopbackServer server;

    @BeforeEach
    void start() throws IOException {
        server = LoopbackServer.builder()
                .user("romeo@montague.net", RawClient.PASSWORD)
                .user("juliet@capulet.com", RawClient.PASSWORD)
                .queueLimit(1024 * 1024)
                .patience(Duration.ofMillis(200))
                .start();
    }

    @AfterEach
    void end() {
        server.kill();
    }

    @Test
    void closing_tells_every_client_and_leaves_no_thread() throws Exception {
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient stranger = RawClient.open(server, "montague.net")) {
            romeo.awaitNothingElse();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
            assertEquals("system-shutdown", romeo.streamError());
            assertEquals("system-shutdown", stranger.streamError());
            romeo.close();
            stranger.close();
            closing.get(10, TimeUnit.SECONDS);
            assertEquals(List.of(), threads());
            assertEquals(Set.of(), server.clients());
            assertThrows(ConnectException.class, () -> RawClient.connect(server));
        }
    }

    @Test
    void closing_does_not_wait_for_ever_for_clients_that_stay() throws Exception {
        try (RawClient romeo = RawClient.available(server, ROMEO)) {
            romeo.awaitNothingElse();
            CompletableFuture.runAsync(server::close).get(10, TimeUnit.SECONDS);
            assertEquals(List.of(), threads());
        }
    }

    @Test
    void killing_resets_every_connection_without_a_word_and_leaves_no_thread() throws Exception {
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient juliet = RawClient.available(server, JULIET)) {
            romeo.stanza();
            juliet.stanza();
            server.kill();
            romeo.awaitReset();
            juliet.awaitReset();
            assertEquals(List.of(), threads());
        }
    }

    @Test
    void a_killed_server_comes_back_on_its_port_with_its_users() throws Exception {
        int port = server.port();
        try (RawClient romeo = RawClient.available(server, ROMEO)) {
            romeo.awaitNothingElse();
            server.kill();
            assertFalse(server.inject(ROMEO, "<message/>"));
            server.start();
            assertEquals(port, server.port());
            assertThrows(IllegalStateException.class, server::start);
            try (RawClient again = RawClient.available(server, ROMEO)) {
                again.awaitNothingElse();
            }
        }
    }

    @Test
    void ending_twice_is_ending_once() {
        server.close();
        server.close();
        server.kill();
    }

    @Test
    void one_client_can_be_disconnected_in_good_order() throws Exception {
        try (RawClient romeo = RawClient.available(server, ROMEO);
                RawClient juliet = RawClient.bound(server, JULIET)) {
            romeo.awaitNothingElse();
            assertTrue(server.disconnect(ROMEO));
            romeo.awaitEnd();
            assertFalse(server.disconnect(ROMEO));
            juliet.awaitNothingElse();
        }
    }

    @Test
    void one_client_can_be_dropped_like_by_a_network() throws Exception {
        try (RawClient romeo = RawClient.bound(server, ROMEO);
                RawClient juliet = RawClient.bound(server, JULIET)) {
            assertTrue(server.drop(ROMEO));
            romeo.awaitReset();
            juliet.awaitNothingElse();
            assertFalse(server.drop("nobody@capulet.com/x"));
        }
    }

    @Test
    void a_client_that_does_not_read_is_disconnected_and_the_others_go_on() throws Exception {
        String flood = "<message to='" + JULIET + "'><body>" + "x".repeat(64 * 1024) + "</body></message>";
        try (RawClient romeo = RawClient.bound(server, ROMEO);
                RawClient juliet = RawClient.bound(server, JULIET);
                RawClient witness = RawClient.available(server, "juliet@capulet.com/chamber")) {
            juliet.send("<presence to='juliet@capulet.com/chamber'/>");
            assertEquals(JULIET, witness.stanza().from().orElseThrow());
            CompletableFuture<Boolean> gone = CompletableFuture.supplyAsync(() -> {
                try {
                    return witness.stanza().isType("unavailable");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            for (int sent = 0; !gone.isDone(); sent++) {
                assertTrue(sent < 10_000, "The queue has no bound");
                romeo.send(flood);
            }
            assertTrue(gone.get());
            assertFalse(server.clients().contains(JULIET));
            romeo.send("<message to='juliet@capulet.com/chamber' id='on'/>");
            Stanza next = witness.stanza();
            // What was on its way to the one who went comes to the other resource.
            while (next.id().isEmpty()) {
                next = witness.stanza();
            }
            assertEquals("on", next.id().orElseThrow());
        }
    }

    @Test
    void a_client_that_asks_and_does_not_read_is_disconnected_too() throws Exception {
        String echo = "<message to='" + ROMEO + "'><body>" + "x".repeat(64 * 1024) + "</body></message>";
        try (RawClient romeo = RawClient.bound(server, ROMEO)) {
            for (int sent = 0; !server.clients().isEmpty(); sent++) {
                assertTrue(sent < 10_000, "The queue has no bound");
                romeo.send(echo);
            }
        }
    }

    @Test
    void nobody_outside_this_machine_can_connect() throws Exception {
        for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            for (var address : Collections.list(network.getInetAddresses())) {
                if (address instanceof Inet4Address && !address.isLoopbackAddress()) {
                    assertThrows(IOException.class, () -> new Socket(address, server.port()).close());
                }
            }
        }
    }

    @Test
    void what_cannot_be_built_says_so() {
        LoopbackServer.Builder builder = LoopbackServer.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.domain("romeo@montague.net"));
        assertThrows(IllegalArgumentException.class, () -> builder.user("montague.net", "x"));
        assertThrows(IllegalArgumentException.class, () -> builder.user("romeo@montague.net/orchard", "x"));
        assertThrows(IllegalArgumentException.class, () -> builder.user("romeo@montague.net", ""));
        assertThrows(IllegalArgumentException.class, () -> builder.user("romeo@montague.net"));
        assertThrows(IllegalArgumentException.class, () -> builder.port(65536));
        assertThrows(IllegalArgumentException.class, () -> builder.stanzaLimit(0));
        assertThrows(IllegalArgumentException.class, () -> builder.queueLimit(0));
        assertThrows(IllegalArgumentException.class, () -> builder.patience(Duration.ofSeconds(-1)));
        assertThrows(IllegalStateException.class, () -> builder.build().port());
        assertThrows(
                IOException.class, () -> builder.port(server.port()).start().close());
    }

    private List<String> threads() {
        String prefix = "xtls-loopback-" + server.port() + "-";
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith(prefix))
                .toList();
    }
}
