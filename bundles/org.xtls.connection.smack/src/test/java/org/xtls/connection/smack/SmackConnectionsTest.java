package org.xtls.connection.smack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jivesoftware.smack.AbstractXMPPConnection;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.roster.Roster;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.ServiceEvent;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.XtlsException;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Verdict;
import org.xtls.server.loopback.Wiretap;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;
import org.xtls.transport.smack.SmackTransport;

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
    void a_request_that_comes_while_the_stream_is_being_closed_is_no_reason_to_complain() throws Exception {
        BlockingQueue<LogRecord> complaints = new LinkedBlockingQueue<>();
        Handler ear = new Handler() {
            @Override
            public void publish(LogRecord complaint) {
                complaints.add(complaint);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger smack = Logger.getLogger(AbstractXMPPConnection.class.getName());
        smack.addHandler(ear);
        try {
            connect(login("orchard"));
            server.interceptor((stanza, router) -> {
                if (stanza.isType("unavailable")) {
                    for (int i = 0; i < 50; i++) {
                        server.inject(
                                ROMEO.toString(),
                                "<iq type='get' id='late" + i + "' from='juliet@montague.net/balcony'>"
                                        + "<query xmlns='of:nobody'/></iq>");
                    }
                }
                return Verdict.pass();
            });
            connections.disconnect(ROMEO).toCompletableFuture().get(20, TimeUnit.SECONDS);
            assertEquals(
                    List.of(), complaints.stream().map(LogRecord::getMessage).toList());
        } finally {
            smack.removeHandler(ear);
        }
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
    void the_reason_of_a_loss_reaches_the_tunnels_and_the_log() throws Exception {
        SmackTransport transport = new SmackTransport(registry.context);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        ch.qos.logback.classic.Logger logger =
                (ch.qos.logback.classic.Logger) LoggerFactory.getLogger("org.xtls.connection.smack");
        log.start();
        logger.addAppender(log);
        try {
            Map<String, CheckedStep> losses = new LinkedHashMap<>();
            losses.put("the stream was lost: ", () -> server.drop(ROMEO.toString()));
            losses.put("the server ended the stream: system-shutdown", () -> server.close());
            for (String reason : losses.keySet()) {
                connect(login("orchard"));
                XMPPConnection connection = registry.connections().get(0);
                TransportAccess.follow(transport, registry, connection);
                Link link = registry.context.getService(registry.context
                        .getServiceReferences(Link.class, null)
                        .iterator()
                        .next());
                BlockingQueue<String> told = new LinkedBlockingQueue<>();
                Link.Listening listening = link.listen(new LinkListener() {
                    @Override
                    public void received(Iq iq) {}

                    @Override
                    public void unavailable(FullJid peer) {}

                    @Override
                    public void lost(String why) {
                        told.add(why);
                    }
                });
                registry.context.addServiceListener(event -> {
                    if (event.getType() == ServiceEvent.UNREGISTERING
                            && registry.context.getService(event.getServiceReference()) == link) {
                        listening.close();
                    }
                });
                losses.get(reason).run();
                String why = String.valueOf(told.poll(20, TimeUnit.SECONDS));
                assertTrue(why.startsWith(reason), why);
                assertEquals(
                        1,
                        List.copyOf(log.list).stream()
                                .filter(event -> event.getLevel() == Level.WARN)
                                .filter(event -> event.getFormattedMessage().equals(ROMEO + ": " + why))
                                .filter(event -> event.getThrowableProxy() == null)
                                .count(),
                        log.list.toString());
                for (FullJid left : connections.connected()) {
                    connections.disconnect(left).toCompletableFuture().get(20, TimeUnit.SECONDS);
                }
            }
        } finally {
            logger.detachAppender(log);
            transport.close();
        }
    }

    private interface CheckedStep {
        void run() throws Exception;
    }

    @Test
    void a_stop_logs_out_and_ends_all_threads() throws Exception {
        connect(login("orchard"));
        connect(login("tomb"));
        assertEquals(2, connections.connected().size());
        connections.close();
        assertEquals(0, registry.connections().size());
        assertEquals(0, server.clients().size());
        assertThreadsEnd();
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
        assertThreadsEnd();
    }

    /** An executor has ended a moment before its threads have. */
    private static void assertThreadsEnd() throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("xtls-login")) {
                thread.join(10_000);
                assertFalse(thread.isAlive(), thread.getName());
            }
        }
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

    @Test
    void an_account_that_makes_no_sense_is_not_logged_in_before_it_is_corrected() throws Exception {
        for (Map<String, Object> bad : List.<Map<String, Object>>of(
                Map.of("jid", "montague.net"),
                Map.of("jid", "romeo@"),
                Map.of("port", "many"),
                Map.of("port", -1),
                Map.of("port", 65536),
                Map.of("longestPause", 0),
                Map.of("longestPause", 86_401),
                Map.of("longestPause", "long"),
                Map.of("reconnect", "yes"),
                Map.of("host", ""),
                Map.of("serverTls", "perhaps"))) {
            ConfiguredConnection configured =
                    new ConfiguredConnection(connections, account(bad), Map.of("service.pid", "it"));
            assertEquals(List.of(), connections.connected());
            configured.modified(account(bad), Map.of());
            configured.modified(account(Map.of()), Map.of());
            assertEquals("registered " + ROMEO + " online", registry.next());
            configured.modified(account(bad), Map.of());
            assertEquals(List.of(ROMEO), connections.connected());
            configured.close();
            assertTrue(registry.next().startsWith("unregistered"));
        }
    }

    /** A value of another type fails when it is asked for, as Declarative Services do it. */
    private Account account(Map<String, Object> different) {
        Map<String, Object> values = new HashMap<>(Map.of(
                "jid",
                ROMEO.bare().toString(),
                "_password",
                "secret",
                "host",
                "127.0.0.1",
                "port",
                server.port(),
                "resource",
                "orchard",
                "serverTls",
                "disabled",
                "reconnect",
                "true",
                "longestPause",
                300));
        values.putAll(different);
        return (Account) Proxy.newProxyInstance(
                Account.class.getClassLoader(), new Class<?>[] {Account.class}, (proxy, method, arguments) -> {
                    Object value = values.get(method.getName());
                    if (method.getReturnType() == int.class && !(value instanceof Integer)) {
                        throw new IllegalStateException("cannot be turned into an int");
                    }
                    return value;
                });
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
