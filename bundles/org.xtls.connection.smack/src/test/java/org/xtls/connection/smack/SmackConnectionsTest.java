package org.xtls.connection.smack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.roster.Roster;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.XtlsException;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Wiretap;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;

class SmackConnectionsTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");

    @TempDir
    private Path directory;

    private final BlockingQueue<Stanza> sent = new LinkedBlockingQueue<>();
    private Registry registry;
    private LoopbackServer server;
    private SmackConnections connections;

    @BeforeEach
    void start() throws Exception {
        registry = new Registry(directory);
        server = LoopbackServer.builder()
                .user("romeo@montague.net", "secret")
                .wiretap((direction, client, stanza) -> {
                    if (direction == Wiretap.Direction.FROM_CLIENT) {
                        sent.add(stanza);
                    }
                })
                .start();
        connections = new SmackConnections(registry.context);
    }

    @AfterEach
    void stop() throws Exception {
        connections.close();
        registry.close();
        server.kill();
    }

    @Test
    void a_login_registers_the_connection_and_a_logout_takes_it_back_first() throws Exception {
        assertEquals(ROMEO, connect(login("orchard")));
        assertEquals("registered " + ROMEO + " online", registry.next());
        assertEquals(List.of(ROMEO), connections.connected());
        assertEquals(1, registry.connections().size());

        connections.disconnect(ROMEO).toCompletableFuture().get(20, TimeUnit.SECONDS);
        assertEquals("unregistered " + ROMEO + " online", registry.next());
        assertEquals(List.of(), connections.connected());
        assertEquals(0, server.clients().size());
        connections.disconnect(ROMEO).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void the_account_becomes_available_only_when_its_transport_is_ready() throws Exception {
        registry.context.addServiceListener(
                event -> assertTrue(sent.stream().noneMatch(stanza -> stanza.kind() == Stanza.Kind.PRESENCE)),
                "(objectClass=" + XMPPConnection.class.getName() + ")");
        connect(login("orchard"));
        Stanza presence = sent.poll(20, TimeUnit.SECONDS);
        while (presence != null && presence.kind() != Stanza.Kind.PRESENCE) {
            presence = sent.poll(20, TimeUnit.SECONDS);
        }
        assertEquals(ROMEO.toString(), presence.from().orElseThrow());
        assertTrue(presence.to().isEmpty() && presence.type().isEmpty());
    }

    @Test
    void the_socket_does_not_wait_to_fill_its_packets_and_the_roster_decides_nothing() throws Exception {
        connect(login("orchard"));
        XMPPTCPConnection connection =
                assertInstanceOf(XMPPTCPConnection.class, registry.connections().get(0));
        Field socket = XMPPTCPConnection.class.getDeclaredField("socket");
        socket.setAccessible(true);
        assertTrue(((Socket) socket.get(connection)).getTcpNoDelay());
        assertEquals(
                Roster.SubscriptionMode.manual,
                Roster.getInstanceFor(connection).getSubscriptionMode());
        assertTrue(sent.stream()
                .noneMatch(stanza -> stanza.child("jabber:iq:roster").isPresent()));
    }

    @Test
    void the_server_chooses_the_resource_when_none_is_asked_for() throws Exception {
        FullJid bound = connect(login(null));
        assertEquals(ROMEO.bare(), bound.bare());
        assertEquals(List.of(bound), connections.connected());
    }

    @Test
    void a_wrong_password_is_named_but_not_shown() throws Exception {
        XtlsException refused = failure(new Login(
                ROMEO.bare(),
                "not the secret".toCharArray(),
                "127.0.0.1",
                OptionalInt.of(server.port()),
                "orchard",
                new ServerTls.Disabled()));
        assertEquals(Failure.Code.LOCAL, refused.failure().code());
        assertEquals(
                "The server 127.0.0.1:" + server.port()
                        + " refused the password of romeo@montague.net. Check address and password.",
                refused.getMessage());
        assertEquals(0, registry.connections().size());
        assertEquals(List.of(), connections.connected());
    }

    @Test
    void a_server_that_is_not_there_is_named_with_host_and_port() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        XtlsException unreachable = failure(login("localhost", port, new ServerTls.Disabled()));
        assertEquals(Failure.Fault.BETWEEN, unreachable.failure().fault());
        assertTrue(
                unreachable.getMessage().startsWith("The server localhost:" + port + " cannot be reached: "),
                unreachable.getMessage());
        assertTrue(unreachable.getMessage().contains("refused"), unreachable.getMessage());

        XtlsException unknown = failure(login("no-such-host.invalid", port, new ServerTls.Disabled()));
        assertTrue(
                unknown.getMessage().startsWith("The server no-such-host.invalid:" + port + " cannot be reached: "),
                unknown.getMessage());
    }

    @Test
    void without_tls_there_is_no_login_unless_it_is_disabled() throws Exception {
        XtlsException stripped = failure(login("127.0.0.1", server.port(), new ServerTls.Required()));
        assertTrue(stripped.getMessage().contains("offers no TLS"), stripped.getMessage());
        assertTrue(stripped.getMessage().contains("--server-tls disabled"), stripped.getMessage());
        failure(login("127.0.0.1", server.port(), new ServerTls.Pinned("0".repeat(64))));
        assertEquals(0, server.clients().size());
    }

    @Test
    void a_domain_that_the_server_does_not_serve_is_named() throws Exception {
        XtlsException unknown = failure(new Login(
                BareJid.parse("tybalt@capulet.com"),
                "secret".toCharArray(),
                "127.0.0.1",
                OptionalInt.of(server.port()),
                null,
                new ServerTls.Disabled()));
        assertTrue(unknown.getMessage().contains("does not serve the domain capulet.com"), unknown.getMessage());
    }

    @Test
    void a_domain_has_no_account() throws Exception {
        XtlsException noAccount = failure(new Login(
                BareJid.parse("montague.net"),
                "secret".toCharArray(),
                "127.0.0.1",
                OptionalInt.of(server.port()),
                null,
                new ServerTls.Disabled()));
        assertEquals(Failure.Code.LOCAL, noAccount.failure().code());
    }

    @Test
    void a_lost_stream_withdraws_the_connection() throws Exception {
        connect(login("orchard"));
        registry.next();
        server.drop(ROMEO.toString());
        assertEquals("unregistered " + ROMEO + " offline", registry.next());
        assertEquals(List.of(), connections.connected());
    }

    @Test
    void a_server_that_says_goodbye_withdraws_the_connection() throws Exception {
        connect(login("orchard"));
        registry.next();
        server.disconnect(ROMEO.toString());
        assertTrue(registry.next().startsWith("unregistered"));
        assertEquals(List.of(), connections.connected());
    }

    @Test
    void a_stop_logs_out_and_ends_all_threads() throws Exception {
        connect(login("orchard"));
        connect(login("tomb"));
        assertEquals(2, connections.connected().size());
        connections.close();
        assertEquals(0, registry.connections().size());
        assertEquals(0, server.clients().size());
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("xtls-login")));
        XtlsException stopped = failure(login("orchard"));
        assertEquals(Failure.Code.SERVICE_GONE, stopped.failure().code());
    }

    @Test
    void a_stop_breaks_off_a_login_that_hangs() throws Exception {
        try (ServerSocket mute = new ServerSocket(0)) {
            mute.setSoTimeout(20_000);
            CompletableFuture<FullJid> login = connections
                    .connect(login("127.0.0.1", mute.getLocalPort(), new ServerTls.Disabled()))
                    .toCompletableFuture();
            try (Socket accepted = mute.accept()) {
                assertTrue(accepted.getInputStream().read() > 0, "the stream header");
                connections.close();
                ExecutionException broken =
                        assertThrows(ExecutionException.class, () -> login.get(20, TimeUnit.SECONDS));
                assertEquals(
                        Failure.Code.SERVICE_GONE,
                        assertInstanceOf(XtlsException.class, broken.getCause())
                                .failure()
                                .code());
            }
        }
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("xtls-login")));
    }

    @Test
    void a_kept_session_comes_back_after_every_loss() throws Exception {
        KeptSession kept = new KeptSession(login("orchard"), true, 300, connections);
        kept.start();
        assertEquals("registered " + ROMEO + " online", registry.next());
        BlockingQueue<String> streams = new LinkedBlockingQueue<>();
        registry.connections().get(0).addConnectionListener(new org.jivesoftware.smack.ConnectionListener() {
            @Override
            public void authenticated(XMPPConnection connection, boolean resumed) {
                streams.add("up");
            }
        });
        server.drop(ROMEO.toString());
        assertEquals("up", streams.poll(20, TimeUnit.SECONDS));
        server.kill();
        server.start();
        assertEquals("up", streams.poll(20, TimeUnit.SECONDS));
        assertEquals(1, registry.connections().size(), "it is the same service all the time");

        kept.close();
        assertTrue(registry.next().startsWith("unregistered"));
    }

    @Test
    void a_kept_session_waits_for_its_server() throws Exception {
        server.kill();
        KeptSession kept = new KeptSession(login("orchard"), true, 1, connections);
        kept.start();
        server.start();
        assertEquals("registered " + ROMEO + " online", registry.next());
        kept.close();
    }

    @Test
    void a_wrong_password_is_no_reason_to_try_again() throws Exception {
        Login wrong = new Login(
                ROMEO.bare(),
                "wrong".toCharArray(),
                "127.0.0.1",
                OptionalInt.of(server.port()),
                "orchard",
                new ServerTls.Disabled());
        assertTrue(LoginFailure.hopeless(failure(wrong).failure()));
    }

    private Login login(String resource) {
        return new Login(
                ROMEO.bare(),
                "secret".toCharArray(),
                "127.0.0.1",
                OptionalInt.of(server.port()),
                resource,
                new ServerTls.Disabled());
    }

    private static Login login(String host, int port, ServerTls tls) {
        return new Login(ROMEO.bare(), "secret".toCharArray(), host, OptionalInt.of(port), "orchard", tls);
    }

    private FullJid connect(Login login) throws Exception {
        return connections.connect(login).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private XtlsException failure(Login login) {
        ExecutionException failed = assertThrows(ExecutionException.class, () -> connect(login));
        return assertInstanceOf(XtlsException.class, failed.getCause());
    }
}
