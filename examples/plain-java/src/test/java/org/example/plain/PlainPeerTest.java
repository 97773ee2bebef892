package org.example.plain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.Acknowledgement;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.XtlsException;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.trust.KeyState;

/** Two sides in one process, without a framework, on a server that writes down what it sees. */
@Timeout(240)
class PlainPeerTest {
    private static final FullJid ROMEO = FullJid.parse("romeo@montague.net/orchard");
    private static final FullJid JULIET = FullJid.parse("juliet@capulet.com/balcony");
    private static final int PATIENCE_SECONDS = 60;

    /** Says of every logout what could not be sent any more. */
    private static final Logger SMACKS = Logger.getLogger("org.jivesoftware");

    @TempDir
    Path home;

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private LoopbackServer server;
    private Side romeo;
    private Side juliet;

    @BeforeEach
    void both_log_in() throws Exception {
        SMACKS.setLevel(Level.OFF);
        server = LoopbackServer.builder()
                .user("romeo@montague.net", "secret")
                .user("juliet@capulet.com", "secret")
                .wiretap((direction, client, stanza) -> seen.add(stanza.xml()))
                .start();
        romeo = new Side(ROMEO);
        juliet = new Side(JULIET);
    }

    @AfterEach
    void both_leave() {
        romeo.close();
        juliet.close();
        server.close();
    }

    @Test
    void a_stanza_goes_each_way_and_the_server_has_not_read_it() throws Exception {
        romeo.pins(juliet);
        juliet.pins(romeo);

        Tunnel there = get(romeo.peer.xtls().open(JULIET));
        assertEquals(Trust.VERIFIED, there.security().trust());
        assertEquals("TLSv1.3", there.security().tls());
        assertEquals(Acknowledgement.PEER, get(there.send(Stanza.chat("by yonder blessed moon"))));
        assertEquals("by yonder blessed moon", juliet.heard());

        Tunnel back = juliet.peer.xtls().tunnel(JULIET, ROMEO).orElseThrow();
        assertEquals(Acknowledgement.PEER, get(back.send(Stanza.chat("swear not by the moon"))));
        assertEquals("swear not by the moon", romeo.heard());

        assertTrue(get(there.close()).orderly());
        get(back.closed());
        assertTrue(seen.stream().anyMatch(stanza -> stanza.contains("urn:xmpp:tmp:xtls")));
        assertFalse(seen.stream().anyMatch(stanza -> stanza.contains("moon")));
    }

    @Test
    void who_is_not_trusted_gets_no_tunnel_and_a_reason() {
        ExecutionException failed = assertThrows(
                ExecutionException.class,
                () -> romeo.peer.xtls().open(JULIET).toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        Failure failure =
                assertInstanceOf(XtlsException.class, failed.getCause()).failure();
        assertFalse(failure.message().isEmpty());
        assertEquals(List.of(), romeo.peer.xtls().tunnels());
    }

    @Test
    void a_connection_that_goes_takes_its_tunnels_and_the_next_login_makes_new_ones() throws Exception {
        romeo.pins(juliet);
        juliet.pins(romeo);
        Tunnel tunnel = get(romeo.peer.xtls().open(JULIET));

        romeo.connection.disconnect();
        get(tunnel.closed());
        romeo.connection.connect();
        romeo.connection.login();

        Tunnel again = get(romeo.peer.xtls().open(JULIET));
        assertEquals(Acknowledgement.PEER, get(again.send(Stanza.chat("once more"))));
        get(again.close());
    }

    /** SPI Fly would register each of our services twice: once for its component, once for such an entry. */
    @Test
    void no_jar_of_ours_has_an_entry_for_a_service_loader() throws Exception {
        List<String> ours = new ArrayList<>();
        for (URL services : Collections.list(getClass().getClassLoader().getResources("META-INF/MANIFEST.MF"))) {
            String jar = services.toString().replaceAll("^jar:file:(.*)!/META-INF/MANIFEST.MF$", "$1");
            if (jar.matches(".*/org\\.xtls\\.[^/]*\\.jar")) {
                ours.add(jar);
                try (JarFile file = new JarFile(jar)) {
                    assertEquals(
                            List.of(),
                            file.stream()
                                    .filter(entry -> entry.getName().startsWith("META-INF/services/"))
                                    .map(Object::toString)
                                    .toList(),
                            jar);
                }
            }
        }
        assertTrue(ours.size() >= 6 || ours.isEmpty(), ours::toString);
    }

    /** The page shows the wiring as it is. */
    @Test
    void the_page_shows_this_very_constructor() throws Exception {
        String source = Files.readString(Path.of("src/main/java/org/example/plain/PlainPeer.java"));
        String page = Files.readString(Path.of("../../docs/plain-java.md"));
        int begin = source.indexOf("    public PlainPeer(");
        String constructor = source.substring(begin, source.indexOf("    public Xtls xtls()"))
                .stripTrailing()
                .stripIndent();
        assertTrue(page.contains(constructor), constructor);
        assertTrue(constructor.lines().count() <= 20, "about twenty lines");
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private final class Side implements AutoCloseable {
        final FullJid jid;
        final XMPPTCPConnection connection;
        final PlainPeer peer;
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        Side(FullJid jid) throws Exception {
            this.jid = jid;
            BareJid account = jid.bare();
            connection = new XMPPTCPConnection(XMPPTCPConnectionConfiguration.builder()
                    .setHost("127.0.0.1")
                    .setPort(server.port())
                    .setXmppDomain(account.domain())
                    .setUsernameAndPassword(account.local(), "secret")
                    .setResource(jid.resource())
                    .setSecurityMode(SecurityMode.disabled)
                    .build());
            peer = new PlainPeer(home.resolve(account.local()), connection, new TunnelListener() {
                @Override
                public boolean received(Tunnel tunnel, Stanza stanza) {
                    return stanza.body().map(heard::add).orElse(false);
                }
            });
            connection.connect();
            connection.login();
        }

        void pins(Side other) throws Exception {
            get(peer.trust()
                    .put(
                            other.jid.bare(),
                            get(other.peer.keys().keys(other.jid.bare())).get(0),
                            KeyState.VERIFIED,
                            "in person"));
        }

        String heard() throws InterruptedException {
            String body = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(body, "nothing came");
            return body;
        }

        @Override
        public void close() {
            peer.close();
            connection.disconnect();
        }
    }
}
