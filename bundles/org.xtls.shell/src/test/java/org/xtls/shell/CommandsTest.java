package org.xtls.shell;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.transport.ServerTls;
import org.xtls.trust.KeyState;

@Timeout(30)
class CommandsTest {
    private final Verona verona = new Verona();
    private final Verona.Passage tunnel = new Verona.Passage();
    private final Gogo gogo = new Gogo().with(verona);

    @AfterEach
    void leave() {
        gogo.close();
    }

    @Test
    void connect_logs_in_as_told_and_wipes_the_password() throws Exception {
        verona.state.links = List.of(Verona.ROMEO.toString());

        String told = gogo.run("connect romeo@montague.net --password 0012 --host 127.0.0.1 --port 5223"
                + " --resource orchard --server-tls disabled");

        assertEquals("connected as romeo@montague.net/orchard\n", told);
        assertEquals(List.of("0012"), verona.passwords);
        var login = verona.logins.get(0);
        assertEquals("127.0.0.1", login.host());
        assertEquals(5223, login.port().orElse(0));
        assertEquals("orchard", login.resource());
        assertEquals(new ServerTls.Disabled(), login.tls());
        assertArrayEquals(new char[4], login.password());
    }

    @Test
    void connect_waits_until_a_tunnel_can_be_made() throws Exception {
        CompletableFuture<String> told = CompletableFuture.supplyAsync(() -> {
            try {
                return gogo.run("connect romeo@montague.net --password p");
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        verona.looked.await();
        assertFalse(told.isDone());

        verona.state.links = List.of(Verona.ROMEO.toString());
        verona.state.changeCount = 1;
        gogo.runtime.updatedRuntime(verona, Map.of("service.changecount", 1L));

        assertEquals("connected as romeo@montague.net/orchard\n", told.get(10, TimeUnit.SECONDS));
    }

    @Test
    void a_change_between_the_look_and_the_wait_is_not_missed() throws Exception {
        verona.afterLook = () -> {
            verona.afterLook = () -> {};
            verona.state.links = List.of(Verona.ROMEO.toString());
            verona.state.changeCount = 1;
            gogo.runtime.updatedRuntime(verona, Map.of("service.changecount", 1L));
        };

        assertTrue(gogo.runtime.await(state -> !state.links.isEmpty(), Duration.ofDays(1)));
        assertFalse(gogo.runtime.await(state -> state.links.isEmpty(), Duration.ZERO));
    }

    @Test
    void words_that_are_not_right_are_answered_with_the_syntax() {
        assertTrue(gogo.failing("connect romeo@montague.net").startsWith("--password is missing; usage: connect JID"));
        assertTrue(gogo.failing("connect romeo@montague.net --password p --colour red")
                .startsWith("there is no option --colour; usage: connect"));
        assertTrue(gogo.failing("connect romeo@montague.net --password").startsWith("--password needs a value"));
        assertTrue(gogo.failing("connect romeo@montague.net --password p --host h --port 99999")
                .startsWith("--port is a number from 1 to 65535, not '99999'"));
        assertTrue(gogo.failing("connect romeo@montague.net --password p --server-tls maybe")
                .startsWith("--server-tls 'maybe': required, disabled or pin:SHA256 is wanted; usage: connect"));
        assertTrue(
                gogo.failing("connect romeo@montague.net/orchard --password p").contains("--resource asks for one"));
        assertEquals("FULLJID is missing; usage: open FULLJID", gogo.failing("open"));
        assertEquals("TEXT is missing; usage: send FULLJID TEXT", gogo.failing("send a@b/c"));
        assertTrue(gogo.failing("connect").startsWith("JID is missing; usage: connect JID"));
        assertTrue(gogo.failing("trust a@b x509").startsWith("FINGERPRINT is missing; usage: trust"));
        assertTrue(gogo.failing("policy first-use").startsWith("VALUE is missing; usage: policy"));
        assertTrue(gogo.failing("answer").startsWith("N is missing; usage: answer"));
        assertEquals("'c@d/e' is too much; usage: open FULLJID", gogo.failing("open a@b/c c@d/e"));
        assertTrue(gogo.failing("open juliet@capulet.com").contains("has no resource"));
        assertEquals("'maybe' is neither on nor off; usage: echo on|off", gogo.failing("echo maybe"));
        assertTrue(verona.logins.isEmpty());
    }

    @Test
    void a_failure_is_shown_by_its_own_words_and_nothing_else() {
        verona.loginResult = CompletableFuture.failedFuture(
                Verona.failure(Failure.Code.LOCAL, "The server refused the password.", "Check it."));
        verona.openResult = CompletableFuture.failedFuture(
                Verona.failure(Failure.Code.KEY_CHANGED, "The peer proved another key.", "Ask the peer."));

        assertEquals(
                "The server refused the password. Check it.", gogo.failing("connect romeo@montague.net --password p"));
        assertEquals("The peer proved another key. Ask the peer.", gogo.failing("open juliet@capulet.com/balcony"));
    }

    @Test
    void what_is_not_there_is_named_with_its_bundle() {
        gogo.close();
        try (Gogo empty = new Gogo()) {
            assertEquals(
                    "There is no tunnel service: is bundle org.xtls.tunnel active?",
                    empty.failing("open juliet@capulet.com/balcony"));
            assertEquals(
                    "There is no service that logs in: is bundle org.xtls.connection.smack active?",
                    empty.failing("connect romeo@montague.net --password p"));
            assertEquals(
                    "There is no trust store: is bundle org.xtls.trust.file active?",
                    empty.failing("distrust juliet@capulet.com"));
        }
    }

    @Test
    void disconnect_ends_every_session() throws Exception {
        verona.sessions = List.of(Verona.ROMEO);

        assertEquals("disconnected romeo@montague.net/orchard\n", gogo.run("disconnect"));
        assertEquals("not connected\n", gogo.run("disconnect"));
    }

    @Test
    void trust_takes_a_fingerprint_as_people_paste_it() throws Exception {
        String grouped = Verona.JULIETS_KEY.grouped();

        gogo.run("trust juliet@capulet.com/balcony x509 " + grouped);

        var key = verona.known.get("juliet@capulet.com").key(Verona.JULIETS_KEY).orElseThrow();
        assertEquals(KeyState.VERIFIED, key.state());
        assertTrue(
                gogo.failing("trust juliet@capulet.com x509 " + "ab".repeat(20)).contains("64 hex digits, not 40"));
        assertTrue(gogo.run("trust juliet@capulet.com openpgp " + "ab".repeat(20))
                .contains("there is no method openpgp here yet"));
    }

    @Test
    void trust_shows_what_is_known_and_how_it_came_to_it() throws Exception {
        assertEquals("no keys are known\n", gogo.run("trust"));
        assertEquals("nothing is known of juliet@capulet.com\n", gogo.run("trust juliet@capulet.com"));
        gogo.run("trust juliet@capulet.com x509 " + Verona.JULIETS_KEY.fingerprint());
        gogo.run("distrust juliet@capulet.com");

        assertEquals(
                "PEER                METHOD  STATE       SINCE                 FINGERPRINT" + " ".repeat(55)
                        + "EVIDENCE\njuliet@capulet.com  x509    distrusted  1970-01-01T00:00:00Z  "
                        + Verona.JULIETS_KEY.fingerprint() + "  distrusted on the shell\n",
                gogo.run("trust"));
        assertEquals(
                "distrusted x509\n  " + Verona.JULIETS_KEY.grouped() + "\n"
                        + "1970-01-01T00:00:00Z verified: x509 " + Verona.JULIETS_KEY.fingerprint()
                        + ", pinned on the shell\n"
                        + "1970-01-01T00:00:00Z verified -> distrusted: x509 " + Verona.JULIETS_KEY.fingerprint()
                        + ", distrusted on the shell\n",
                gogo.run("trust juliet@capulet.com"));
    }

    @Test
    void decisions_move_house(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("keys.txt");
        gogo.run("trust juliet@capulet.com x509 " + Verona.JULIETS_KEY.fingerprint());
        assertEquals("wrote what is known of 1 peers to " + file + "\n", gogo.run("trust-export " + file));
        assertEquals(
                file + " is there already; choose another name or delete it.", gogo.failing("trust-export " + file));
        verona.known.clear();

        assertEquals("took over what is known of 1 peers\n", gogo.run("trust-import " + file));

        assertEquals(
                KeyState.VERIFIED,
                verona.known
                        .get("juliet@capulet.com")
                        .key(Verona.JULIETS_KEY)
                        .orElseThrow()
                        .state());
        Files.writeString(file, "xtls-trust 1\nkey juliet\n");
        assertTrue(gogo.failing("trust-import " + file).startsWith(file + ", line "));
        assertEquals(
                folder.resolve("nothing") + " cannot be read: it is not there.",
                gogo.failing("trust-import " + folder.resolve("nothing")));
    }

    @Test
    void distrust_takes_one_key_or_all() throws Exception {
        gogo.run("trust juliet@capulet.com x509 " + Verona.JULIETS_KEY.fingerprint());
        gogo.run("trust juliet@capulet.com x509 " + Verona.ROMEOS_KEY.fingerprint());

        gogo.run("distrust juliet@capulet.com " + Verona.ROMEOS_KEY.fingerprint());
        assertEquals(
                KeyState.VERIFIED,
                verona.known
                        .get("juliet@capulet.com")
                        .key(Verona.JULIETS_KEY)
                        .orElseThrow()
                        .state());

        gogo.run("distrust juliet@capulet.com");
        assertEquals(
                2,
                verona.known.get("juliet@capulet.com").in(KeyState.DISTRUSTED).size());

        assertTrue(
                gogo.failing("distrust juliet@capulet.com " + "cd".repeat(32)).startsWith("No key of juliet"));
        assertEquals("No key of tybalt@capulet.com is known.", gogo.failing("distrust tybalt@capulet.com"));
    }

    @Test
    void policy_shows_what_is_in_force_and_refuses_nonsense_before_it_is_stored() throws Exception {
        assertEquals("first-use ask\nrequire-confirmed-offers false\n", gogo.run("policy"));
        assertTrue(gogo.failing("policy first-use perhaps")
                .startsWith("'perhaps' is no value of first-use; there are reject|ask|accept"));
        assertTrue(gogo.failing("policy colour red").startsWith("there is no policy 'colour'; there are first-use"));
        assertTrue(gogo.failing("policy first-use accept").contains("org.apache.felix.configadmin"));
    }

    @Test
    void methods_and_tunnels_are_tables() throws Exception {
        assertEquals(
                "METHOD  PREFERENCE  BUNDLE              VERSION\nx509    100         org.xtls.auth.x509  0.1.0\n",
                gogo.run("methods"));
        assertEquals("no tunnels\n", gogo.run("tunnels"));
        verona.state.tunnels = List.of(Verona.described(tunnel));
        List<String> lines = gogo.run("tunnels").lines().toList();
        assertEquals(2, lines.size());
        assertEquals(lines.get(0).indexOf("SENT"), lines.get(1).indexOf('7'));
    }

    @Test
    void open_tells_what_secures_the_tunnel() throws Exception {
        verona.openResult = CompletableFuture.completedFuture(tunnel);

        String told = gogo.run("open juliet@capulet.com/balcony");

        assertTrue(told.contains("with juliet@capulet.com/balcony is open"), told);
        assertTrue(told.contains("verified (pinned)"), told);
        assertTrue(told.contains("TLSv1.3, X25519MLKEM768, TLS_AES_128_GCM_SHA256"), told);
        assertTrue(told.contains(Verona.JULIETS_KEY.grouped()), told);
        assertTrue(told.contains("confirmed by the peer"), told);
        assertFalse(told.contains("Somebody in between"), told);

        tunnel.trust = Trust.UNVERIFIED;
        assertTrue(gogo.run("open juliet@capulet.com/balcony").contains("Somebody in between may be at both ends"));
    }

    @Test
    void send_tells_whose_word_it_is_that_the_stanza_has_arrived() throws Exception {
        verona.open.add(tunnel);

        assertEquals("acknowledged by the peer\n", gogo.run("send juliet@capulet.com/balcony true   love null"));
        tunnel.acknowledgement = CompletableFuture.completedFuture(Acknowledgement.LINK);
        assertTrue(gogo.run("send juliet@capulet.com/balcony 'a  b'").startsWith("acknowledged by the link only"));

        assertEquals("true love null", tunnel.sent.get(0).body().orElseThrow());
        assertEquals("a  b", tunnel.sent.get(1).body().orElseThrow());
    }

    @Test
    void nothing_is_sent_without_a_tunnel() {
        assertEquals(
                "There is no tunnel with juliet@capulet.com/balcony: open juliet@capulet.com/balcony first.",
                gogo.failing("send juliet@capulet.com/balcony hello"));
        verona.open.addAll(List.of(tunnel, new Verona.Passage()));
        assertTrue(gogo.failing("send juliet@capulet.com/balcony hello").contains("more than one of your accounts"));
    }

    @Test
    void send_xml_sends_any_stanza_and_says_what_is_wrong_with_the_rest() throws Exception {
        verona.open.add(tunnel);

        gogo.run("send-xml juliet@capulet.com/balcony '<presence><show>away</show></presence>'");

        assertEquals(Stanza.Kind.PRESENCE, tunnel.sent.get(0).kind());
        assertTrue(
                gogo.failing("send-xml juliet@capulet.com/balcony '<message>'").contains("usage: send-xml"));
        assertTrue(gogo.failing("send-xml juliet@capulet.com/balcony '<note/>'").contains("is no stanza"));
        assertEquals(1, tunnel.sent.size());
    }

    @Test
    void close_fails_when_the_end_was_not_orderly() throws Exception {
        verona.open.add(tunnel);
        assertEquals(
                "tunnel with juliet@capulet.com/balcony is closed\n", gogo.run("close juliet@capulet.com/balcony"));

        Verona.Passage cut = new Verona.Passage();
        cut.closure = new Closure(
                false, Failure.of(Failure.Code.TRUNCATED, Failure.Fault.BETWEEN, "It ended without a goodbye."));
        verona.open.clear();
        verona.open.add(cut);
        assertEquals("It ended without a goodbye.", gogo.failing("close juliet@capulet.com/balcony"));
    }

    @Test
    void receive_prints_peer_trust_and_stanza_in_the_order_of_arrival() throws Exception {
        gogo.inbox.received(tunnel, Stanza.chat("first"));
        gogo.inbox.received(tunnel, Stanza.chat("second"));

        assertEquals(
                "juliet@capulet.com/balcony verified\n" + Stanza.chat("first").toXml() + "\n", gogo.run("receive"));
        assertTrue(gogo.run("receive --timeout 0").contains("second"));
        assertEquals("No stanza came within 0 seconds.", gogo.failing("receive --timeout 0"));
    }

    @Test
    void what_a_peer_wrote_cannot_drive_the_terminal_or_forge_a_line() throws Exception {
        String body = "\u009b31m\u202eright to left\njuliet@capulet.com/balcony verified";
        gogo.inbox.received(tunnel, Stanza.chat(body));

        String told = gogo.run("receive");

        assertEquals(2, told.lines().count());
        assertFalse(told.contains("\u009b") || told.contains("\u202e"));
        assertEquals(body, Stanza.parse(told.lines().toList().get(1)).body().orElseThrow());

        verona.openResult = CompletableFuture.failedFuture(
                Verona.failure(Failure.Code.REFUSED, "The peer said \u001b[2J\r\nxtls: all is well.", ""));
        String failure = gogo.failing("open juliet@capulet.com/balcony");
        assertTrue(failure.startsWith("The peer said ") && failure.endsWith("xtls: all is well."), failure);
        assertTrue(failure.chars().noneMatch(Character::isISOControl), failure);
    }

    @Test
    void a_request_is_shown_and_left_for_the_tunnel_to_refuse() {
        assertFalse(gogo.inbox.received(
                tunnel, Stanza.parse("<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>")));
        assertTrue(gogo.inbox.received(tunnel, Stanza.parse("<iq type='result' id='1'/>")));
        assertTrue(gogo.inbox.received(tunnel, Stanza.parse("<presence/>")));
    }

    @Test
    void an_inbox_that_nobody_reads_is_bounded_and_tells_what_it_lost() throws Exception {
        Inbox inbox = new Inbox(3, 100);
        for (int i = 0; i < 5; i++) {
            inbox.add(new Inbox.Entry(Verona.JULIET, "verified", "stanza " + i));
        }
        assertEquals(2, inbox.lost());
        assertEquals("stanza 2", inbox.take(Duration.ZERO).orElseThrow().xml());

        inbox.add(new Inbox.Entry(Verona.JULIET, "verified", "x".repeat(99)));
        assertEquals(2, inbox.lost());
        assertEquals(99, inbox.take(Duration.ZERO).orElseThrow().xml().length());
    }

    @Test
    void echo_answers_a_chat_message_but_no_echo() throws Exception {
        gogo.run("echo on");

        gogo.inbox.received(
                tunnel,
                Stanza.parse("<message type='chat'><thread>act2</thread><body>hark</body><x xmlns='y'/></message>"));
        assertEquals(1, tunnel.sent.size());
        Stanza echo = tunnel.sent.get(0);
        assertEquals("hark", echo.body().orElseThrow());
        assertEquals(
                "act2",
                echo.element().child(Stanza.NAMESPACE, "thread").orElseThrow().text());

        gogo.inbox.received(tunnel, echo);
        gogo.inbox.received(tunnel, Stanza.parse("<message type='groupchat'><body>hark</body></message>"));
        gogo.inbox.received(tunnel, Stanza.parse("<message type='chat'/>"));
        assertEquals(1, tunnel.sent.size());

        gogo.run("echo off");
        gogo.inbox.received(tunnel, Stanza.chat("hark"));
        assertEquals(1, tunnel.sent.size());
    }

    @Test
    void an_interrupt_ends_a_wait() throws Exception {
        AtomicReference<Throwable> end = new AtomicReference<>();
        CountDownLatch waiting = new CountDownLatch(1);
        Thread command = new Thread(() -> {
            waiting.countDown();
            try {
                Stages.await(new CompletableFuture<>());
            } catch (CommandException e) {
                end.set(e);
            }
        });
        command.start();
        waiting.await();
        command.interrupt();
        command.join();

        assertTrue(end.get().toString().startsWith("Interrupted"));
    }

    @Test
    void help_knows_every_command() throws Exception {
        assertTrue(gogo.run("xtls:help").contains("\nsend-xml FULLJID XML\n"));
        assertTrue(gogo.run("xtls:help xtls:connect").contains("--server-tls"));
        assertTrue(gogo.run("xtls:help send-xml").startsWith("send-xml FULLJID XML\n"));
        assertEquals("There is no command 'nonsense'; help lists those of XTLS.", gogo.failing("xtls:help nonsense"));
        for (String command : gogo.processor.getCommands()) {
            assertTrue(Usage.BY_COMMAND.containsKey(command.substring("xtls:".length())), command + " has no help");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"felix", "*"})
    void help_on_the_rest_is_the_containers_affair(String scope) throws Exception {
        gogo.processor.addCommand(scope, new ContainersHelp(), "help");
        assertTrue(gogo.run("xtls:help").endsWith("Commands of the container: " + scope + ":help\n"));
        gogo.processor.addCommand("bundle", new ContainersHelp(), "help");
        assertEquals("help on bundle:help\n", gogo.run("xtls:help bundle:help"));
        assertEquals(
                "There is no command 'nonsense'; help lists those of XTLS, " + scope + ":help all.",
                gogo.failing("xtls:help nonsense"));
    }

    /** Gogo's prints, Karaf's too; another may return its words. */
    public static final class ContainersHelp {
        public String help(String name) {
            return "help on " + name;
        }
    }

    @Test
    void help_lists_what_is_there_and_nothing_else() throws Exception {
        assertTrue(gogo.run("xtls:help").contains("\nopen FULLJID\n"));
        assertTrue(gogo.run("xtls:help").startsWith("answer N "));

        gogo.processor.removeCommand("xtls", "answer");

        assertFalse(gogo.run("xtls:help").contains("answer N "));
        assertTrue(gogo.failing("xtls:help answer").startsWith("There is no command 'answer'"));
    }

    @Test
    void tunnels_that_a_peer_opens_or_that_end_are_told_at_the_prompt() {
        gogo.news.opened(tunnel);
        gogo.news.closed(
                tunnel,
                new Closure(
                        false,
                        Failure.of(Failure.Code.CLOSED_BY_PEER, Failure.Fault.PEER, "The peer said \u001b[2J\nbye.")));

        assertEquals(2, gogo.told.size());
        assertEquals("tunnel t1 with juliet@capulet.com/balcony is open: verified", gogo.told.get(0));
        String ended = gogo.told.get(1);
        assertTrue(ended.startsWith("tunnel t1 with juliet@capulet.com/balcony has ended: The peer said "), ended);
        assertTrue(ended.chars().noneMatch(Character::isISOControl), ended);
    }

    @Test
    void what_a_command_tells_is_not_told_twice() throws Exception {
        verona.openResult = CompletableFuture.completedFuture(tunnel);
        verona.open.add(tunnel);
        // The news of a tunnel and the end of the wait for it come in either order.
        verona.whenOpening = () -> gogo.news.opened(tunnel);
        gogo.run("open juliet@capulet.com/balcony");
        verona.whenOpening = () -> {};
        gogo.run("open juliet@capulet.com/balcony");
        gogo.news.opened(tunnel);
        gogo.run("close juliet@capulet.com/balcony");
        gogo.news.closed(tunnel, tunnel.closure);

        assertEquals(List.of(), gogo.told);
    }

    @Test
    void a_send_without_a_tunnel_says_why_the_last_one_ended() {
        gogo.news.closed(
                tunnel,
                new Closure(
                        false,
                        Failure.of(Failure.Code.TIMEOUT, Failure.Fault.PEER, "The peer did not answer in time.")));

        assertEquals(
                "There is no tunnel with juliet@capulet.com/balcony: open juliet@capulet.com/balcony first."
                        + " The last one has ended: The peer did not answer in time.",
                gogo.failing("send juliet@capulet.com/balcony hello"));

        gogo.news.opened(tunnel);
        assertTrue(gogo.failing("send juliet@capulet.com/balcony hello").endsWith(" first."));
    }

    @Test
    void a_known_peer_that_comes_with_another_key_is_told_of_once_until_it_is_back() {
        FullJid romeo = FullJid.parse("romeo@montague.net/orchard");
        FullJid juliet = FullJid.parse("juliet@capulet.com/balcony");
        Failure changed =
                new Failure(Failure.Code.KEY_CHANGED, Failure.Fault.BETWEEN, "She offers another key.", "Ask her.");
        TunnelNews news = gogo.news;
        gogo.told.clear();
        news.failed(romeo, juliet, Failure.of(Failure.Code.REFUSED, Failure.Fault.PEER, "She does not want."));
        assertEquals(List.of(), gogo.told);
        news.failed(romeo, juliet, changed);
        news.failed(romeo, FullJid.parse("juliet@capulet.com/tomb"), changed);
        assertEquals(
                List.of("no tunnel with " + juliet + ", key changed: She offers another key. Ask her."), gogo.told);
        news.expect(juliet);
        news.failed(romeo, juliet, changed);
        assertEquals(1, gogo.told.size(), "the command tells");
    }

    @Test
    void the_ends_that_are_remembered_are_bounded() {
        Closure closure = new Closure(true, Failure.of(Failure.Code.PEER_GONE, Failure.Fault.PEER, "It left."));
        for (int i = 0; i <= TunnelNews.MOST_ENDS; i++) {
            gogo.news.closed(new Verona.Passage(FullJid.parse("juliet@capulet.com/" + i)), closure);
        }

        assertTrue(gogo.news.lastEnd(FullJid.parse("juliet@capulet.com/0")).isEmpty());
        assertTrue(gogo.news.lastEnd(FullJid.parse("juliet@capulet.com/1")).isPresent());
    }
}
