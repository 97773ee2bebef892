package org.xtls.connection.smack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jivesoftware.smack.AbstractXMPPConnection;
import org.jivesoftware.smack.ConnectionListener;
import org.jivesoftware.smack.XMPPConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.ServiceReference;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.XtlsException;
import org.xtls.transport.Iq;
import org.xtls.transport.Link;
import org.xtls.transport.LinkListener;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;
import org.xtls.transport.smack.SmackTransport;
import org.xtls.xml.Element;

/** What the loopback server does not have: TLS, stream management, another hand's idea of the RFCs. */
class ProsodyTest {
    @TempDir
    private static Path home;

    private static Prosody prosody;

    @TempDir
    private Path directory;

    private Registry registry;
    private SmackConnections connections;

    @BeforeAll
    static void startProsody() throws Exception {
        prosody = new Prosody(home);
    }

    @AfterAll
    static void stopProsody() throws Exception {
        prosody.close();
    }

    @BeforeEach
    void start() throws Exception {
        registry = new Registry(directory.resolve("cache"));
        connections = new SmackConnections(registry.context);
    }

    @AfterEach
    void stop() throws Exception {
        connections.close();
        registry.close();
    }

    @Test
    void a_certificate_that_nobody_vouches_for_is_refused_and_its_pin_is_told() throws Exception {
        XtlsException refused = failure(login(Prosody.TLS, new ServerTls.Required()));
        assertTrue(refused.getMessage().contains("is not trusted"), refused.getMessage());
        assertTrue(refused.getMessage().endsWith("--server-tls pin:" + prosody.sha256() + "."), refused.getMessage());
        assertEquals(0, registry.connections().size());
    }

    @Test
    void the_pinned_certificate_is_taken_whatever_its_name() throws Exception {
        assertSecure(connect(login(Prosody.TLS, new ServerTls.Pinned(prosody.sha256()))));
        assertSecure(connect(login(Prosody.WRONG_NAME, new ServerTls.Pinned(prosody.sha256()))));
    }

    @Test
    void another_certificate_than_the_pinned_one_is_refused() throws Exception {
        XtlsException refused = failure(login(Prosody.TLS, new ServerTls.Pinned("0".repeat(64))));
        assertTrue(refused.getMessage().contains("it is not the pinned one"), refused.getMessage());
        assertTrue(refused.getMessage().contains(prosody.sha256()), refused.getMessage());
    }

    @Test
    void a_trusted_certificate_must_also_be_made_out_to_the_domain() throws Exception {
        Path store = prosody.trustStore(directory.resolve("trust.p12"), "changeit");
        System.setProperty("javax.net.ssl.trustStore", store.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
        try {
            assertSecure(connect(login(Prosody.TLS, new ServerTls.Required())));
            XtlsException wrongName = failure(login(Prosody.WRONG_NAME, new ServerTls.Required()));
            assertTrue(wrongName.getMessage().contains("is not trusted"), wrongName.getMessage());
            assertTrue(wrongName.getMessage().contains(Prosody.WRONG_NAME), wrongName.getMessage());
        } finally {
            System.clearProperty("javax.net.ssl.trustStore");
            System.clearProperty("javax.net.ssl.trustStorePassword");
        }
    }

    @Test
    void a_server_without_tls_gets_no_password() throws Exception {
        XtlsException stripped = failure(login(Prosody.PLAIN, new ServerTls.Pinned(prosody.sha256())));
        assertTrue(stripped.getMessage().contains("offers no TLS"), stripped.getMessage());
    }

    @Test
    void plain_and_scram_both_work_without_tls_when_it_is_disabled() throws Exception {
        connect(login(Prosody.PLAIN, new ServerTls.Disabled()));
        connect(login(Prosody.TLS, new ServerTls.Disabled()));
        List<String> mechanisms = registry.connections().stream()
                .map(connection -> ((AbstractXMPPConnection) connection).getUsedSaslMechansism())
                .sorted()
                .toList();
        assertEquals(List.of("PLAIN", "SCRAM-SHA-1"), mechanisms);
    }

    @Test
    void a_wrong_password_is_tried_once() throws Exception {
        try (Relay relay = new Relay(prosody.port)) {
            Login wrong = new Login(
                    BareJid.parse("romeo@" + Prosody.TLS),
                    "wrong".toCharArray(),
                    "127.0.0.1",
                    OptionalInt.of(relay.port()),
                    null,
                    new ServerTls.Disabled());
            XtlsException refused = failure(wrong);
            assertTrue(refused.getMessage().contains("refused the password"), refused.getMessage());
            assertEquals(1, relay.accepted.get());
        }
    }

    @Test
    void a_resumed_stream_keeps_its_link_and_loses_nothing() throws Exception {
        SmackTransport transport = new SmackTransport(registry.context);
        try (Relay relay = new Relay(prosody.port)) {
            KeptSession kept = new KeptSession(
                    new Login(
                            BareJid.parse("romeo@" + Prosody.TLS),
                            "secret".toCharArray(),
                            "127.0.0.1",
                            OptionalInt.of(relay.port()),
                            "orchard",
                            new ServerTls.Pinned(prosody.sha256())),
                    true,
                    1,
                    connections);
            kept.start();
            assertTrue(registry.next().startsWith("registered"));
            XMPPConnection connection = registry.connections().get(0);
            TransportAccess.bind(transport, registry, connection);
            Link link = link(FullJid.parse("romeo@" + Prosody.TLS + "/orchard"));
            FullJid friend = connect(login(Prosody.TLS, new ServerTls.Pinned(prosody.sha256())));
            BlockingQueue<Object> told = new LinkedBlockingQueue<>();
            link.listen(new Notes(told));
            BlockingQueue<String> streams = new LinkedBlockingQueue<>();
            connection.addConnectionListener(new ConnectionListener() {
                @Override
                public void connectionClosedOnError(Exception e) {
                    // Nobody answers at that address: the server's error shows that the request arrived.
                    for (int i = 0; i < 20; i++) {
                        link.send(new Iq.Request(
                                friend.bare().at("nobody"),
                                "while away " + i,
                                true,
                                Element.of("urn:xmpp:tmp:xtls", "start")));
                    }
                    streams.add("lost");
                }

                @Override
                public void authenticated(XMPPConnection same, boolean resumed) {
                    streams.add(resumed ? "resumed" : "new");
                }
            });

            relay.cut();
            assertEquals("lost", streams.poll(20, TimeUnit.SECONDS));
            assertEquals("resumed", streams.poll(20, TimeUnit.SECONDS));
            for (int i = 0; i < 20; i++) {
                Iq.Error answer = assertInstanceOf(Iq.Error.class, told.poll(20, TimeUnit.SECONDS));
                assertEquals("while away " + i, answer.id());
            }
            assertEquals(
                    1, registry.context.getServiceReferences(Link.class, null).size());
            kept.close();
        } finally {
            transport.close();
        }
    }

    @Test
    void the_tunnels_of_a_client_whose_resource_was_taken_hear_so() throws Exception {
        SmackTransport transport = new SmackTransport(registry.context);
        try {
            Login orchard = new Login(
                    BareJid.parse("romeo@" + Prosody.TLS),
                    "secret".toCharArray(),
                    "127.0.0.1",
                    OptionalInt.of(prosody.port),
                    "orchard",
                    new ServerTls.Disabled());
            FullJid local = connect(orchard);
            TransportAccess.follow(transport, registry, registry.connections().get(0));
            BlockingQueue<Object> told = new LinkedBlockingQueue<>();
            link(local).listen(new Notes(told));
            connect(orchard);
            assertEquals("the server ended the stream: conflict", told.poll(20, TimeUnit.SECONDS));
        } finally {
            transport.close();
        }
    }

    private Link link(FullJid local) throws Exception {
        for (ServiceReference<Link> reference : registry.context.getServiceReferences(Link.class, null)) {
            if (reference.getProperty(Link.LOCAL).equals(local.toString())) {
                return registry.context.getService(reference);
            }
        }
        throw new AssertionError("no link of " + local);
    }

    private void assertSecure(FullJid bound) throws Exception {
        assertTrue(connections.connected().contains(bound));
        assertFalse(registry.connections().isEmpty());
        assertTrue(registry.connections().stream().allMatch(XMPPConnection::isSecureConnection));
    }

    private static Login login(String domain, ServerTls tls) {
        return new Login(
                BareJid.parse("romeo@" + domain),
                "secret".toCharArray(),
                "127.0.0.1",
                OptionalInt.of(prosody.port),
                null,
                tls);
    }

    private FullJid connect(Login login) throws Exception {
        return connections.connect(login).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private XtlsException failure(Login login) {
        ExecutionException failed = assertThrows(ExecutionException.class, () -> connect(login));
        return assertInstanceOf(XtlsException.class, failed.getCause());
    }

    private record Notes(BlockingQueue<Object> told) implements LinkListener {
        @Override
        public void received(Iq iq) {
            told.add(iq);
        }

        @Override
        public void unavailable(FullJid peer) {}

        @Override
        public void lost(String reason) {
            told.add(reason);
        }
    }
}
