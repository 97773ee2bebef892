package org.xtls.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.auth.OwnKey;
import org.xtls.auth.OwnKeys;
import org.xtls.runtime.MethodDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.trust.KeyName;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustStore;

class ChecksTest {
    private final RuntimeDTO runtime = new RuntimeDTO();
    private final Observed observed = new Observed();

    ChecksTest() {
        MethodDTO method = new MethodDTO();
        method.name = "x509";
        runtime.methods = List.of(method);
        runtime.links = List.of("romeo@montague.net/orchard");
        runtime.policy = Map.of("first-use", "ask");
        observed.service = () -> runtime;
    }

    @Test
    void a_container_with_all_it_takes_is_well() {
        assertSays(Status.OK, "are there: x509", new ServicesCheck(observed));
        assertSays(Status.OK, "first-use ask", new ConfigurationCheck(observed));
        runtime.policy = Map.of();
        assertSays(Status.OK, "It is sound.", new ConfigurationCheck(observed));
        assertSays(Status.OK, "connected as romeo@montague.net/orchard", new LinkCheck(observed));
    }

    @Test
    void a_missing_service_is_the_services_fault_only() {
        runtime.missing = List.of("TLS engine", "authentication method");
        assertSays(Status.CRITICAL, "There is no TLS engine.", new ServicesCheck(observed));
        assertSays(Status.CRITICAL, "There is no authentication method.", new ServicesCheck(observed));
        assertSays(Status.OK, "", new ConfigurationCheck(observed));
    }

    @Test
    void a_wrong_configuration_is_told_with_its_reason() {
        runtime.missing = List.of("sound configuration: the configuration org.xtls.policy is wrong: 'maybe'");
        assertSays(Status.OK, "", new ServicesCheck(observed));
        assertSays(
                Status.CRITICAL,
                "No tunnel is made: the configuration org.xtls.policy is wrong: 'maybe'",
                new ConfigurationCheck(observed));
    }

    @Test
    void without_a_link_or_a_tunnel_service_nothing_is_well() {
        runtime.links = List.of();
        assertSays(Status.CRITICAL, "no connection to a server", new LinkCheck(observed));
        observed.service = null;
        for (HealthCheck check :
                List.of(new ServicesCheck(observed), new ConfigurationCheck(observed), new LinkCheck(observed))) {
            assertSays(Status.CRITICAL, "org.xtls.tunnel", check);
        }
    }

    @Test
    void a_trust_store_has_to_answer_and_to_answer_in_time() {
        TrustStoreCheck check = new TrustStoreCheck();
        assertSays(Status.CRITICAL, "There is no trust store.", check);
        check.store = store(CompletableFuture.completedStage(KnownPeer.stranger(BareJid.parse("nobody@a.invalid"))));
        assertSays(Status.OK, "It answered after", check);
        check.store = store(CompletableFuture.failedStage(
                new XtlsException(Failure.of(Failure.Code.SERVICE_GONE, Failure.Fault.LOCAL, "the database is gone"))));
        assertSays(Status.CRITICAL, "the database is gone", check);
        check.store = store(new CompletableFuture<>());
        assertSays(Status.CRITICAL, "It has not answered within 1500 ms.", check);
        CompletableFuture<KnownPeer> cancelled = new CompletableFuture<>();
        cancelled.cancel(false);
        check.store = store(cancelled);
        assertSays(Status.CRITICAL, "given the question up", check);
    }

    private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");
    private static final KeyName KEY = new KeyName("x509", "0f".repeat(32));
    private static final KeyName NEXT = new KeyName("x509", "1f".repeat(32));

    @Test
    void own_keys_are_well_until_their_end_is_near() {
        assertSays(Status.OK, "does not expire", ownKeys(30, new OwnKey(KEY, null)));
        assertSays(Status.OK, "is good until 2026-12-26", ownKeys(30, new OwnKey(KEY, in(30))));
        assertSays(
                Status.WARN,
                "romeo@montague.net: " + KEY + " expires on 2026-12-26, in 29 days. Renew it.",
                ownKeys(30, new OwnKey(KEY, in(30).minusSeconds(1))));
        assertSays(Status.OK, "is good until", ownKeys(10, new OwnKey(KEY, in(30).minusSeconds(1))));
        assertSays(Status.WARN, "in 0 days", ownKeys(30, new OwnKey(KEY, NOW)));
        assertSays(Status.CRITICAL, "expired on 2026-11-26", ownKeys(30, new OwnKey(KEY, NOW.minusSeconds(1))));
    }

    @Test
    void a_key_whose_successor_is_there_may_end() {
        assertSays(Status.OK, NEXT + " is good until", ownKeys(30, new OwnKey(KEY, in(1)), new OwnKey(NEXT, in(700))));
    }

    @Test
    void without_accounts_methods_or_keys_there_is_nothing_to_look_at() {
        assertSays(Status.OK, "", ownKeys(30));
        OwnKeysCheck check = ownKeys(30);
        check.methods = List.of();
        assertSays(Status.OK, "There are no own keys to look at.", check);
        runtime.links = List.of();
        assertSays(Status.OK, "There are no own keys to look at.", ownKeys(30, new OwnKey(KEY, NOW.minusSeconds(1))));
        observed.service = null;
        assertSays(Status.CRITICAL, "org.xtls.tunnel", ownKeys(30));
    }

    @Test
    void an_own_key_that_cannot_be_used_is_told_with_its_reason_and_one_that_is_not_told_of_in_time_too() {
        OwnKeysCheck check = ownKeys(30, new OwnKey(KEY, in(5)));
        OwnKeys locked = held(CompletableFuture.failedStage(
                new XtlsException(Failure.of(Failure.Code.LOCAL, Failure.Fault.LOCAL, "the token is away"))));
        check.methods = List.of(check.methods.get(0), locked);
        assertSays(Status.CRITICAL, "romeo@montague.net: the token is away", check);
        assertSays(Status.CRITICAL, "in 5 days", check);
        check.methods = List.of(held(new CompletableFuture<>()), check.methods.get(0));
        assertSays(Status.CRITICAL, "not told within 1500 ms", check);
        CompletableFuture<List<OwnKey>> cancelled = new CompletableFuture<>();
        cancelled.cancel(false);
        check.methods = List.of(held(cancelled));
        assertSays(Status.CRITICAL, "was given up", check);
    }

    @Test
    void each_account_is_asked_for_once_however_many_resources_it_has() {
        runtime.links = List.of("romeo@montague.net/orchard", "romeo@montague.net/street", "nurse@capulet.com/hall");
        List<BareJid> asked = new ArrayList<>();
        OwnKeysCheck check = ownKeys(30);
        check.methods = List.of(new Watched(account -> {
            asked.add(account);
            return CompletableFuture.completedStage(List.of(new OwnKey(KEY, in(5))));
        }));
        assertSays(Status.WARN, "nurse@capulet.com", check);
        assertEquals(List.of(BareJid.parse("romeo@montague.net"), BareJid.parse("nurse@capulet.com")), asked);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 is not from 1 to 365", "366, 366 is not from 1 to 365", "soon, it is no whole number"})
    void a_wrong_configuration_is_said_until_it_is_corrected_and_changes_nothing_later(String days, String reason) {
        Configuration wrong = configuration(days.matches("[0-9]+") ? (Object) Integer.valueOf(days) : days);
        OwnKeysCheck check = new OwnKeysCheck(observed, Clock.fixed(NOW, ZoneOffset.UTC), wrong);
        check.methods = List.of(held(CompletableFuture.completedStage(List.of(new OwnKey(KEY, in(20))))));
        assertSays(Status.CRITICAL, "configuration org.xtls.health: expiryWarningDays: " + reason, check);
        check.modified(configuration(10));
        assertSays(Status.OK, "is good until", check);
        check.modified(wrong);
        assertSays(Status.OK, "is good until", check);
    }

    @Test
    void a_warning_comes_thirty_days_before_unless_configured_otherwise() throws Exception {
        assertEquals(
                30, Configuration.class.getDeclaredMethod("expiryWarningDays").getDefaultValue());
    }

    private static Instant in(int days) {
        return NOW.plus(Duration.ofDays(days));
    }

    private OwnKeysCheck ownKeys(int days, OwnKey... keys) {
        OwnKeysCheck check = new OwnKeysCheck(observed, Clock.fixed(NOW, ZoneOffset.UTC), configuration(days));
        check.methods = List.of(held(CompletableFuture.completedStage(List.of(keys))));
        return check;
    }

    private static OwnKeys held(CompletionStage<List<OwnKey>> keys) {
        return new Watched(account -> keys);
    }

    /** Keys that are looked at and never asked for, which would make some. */
    private record Watched(Function<BareJid, CompletionStage<List<OwnKey>>> keys) implements OwnKeys {
        @Override
        public CompletionStage<List<KeyName>> keys(BareJid account) {
            throw new AssertionError("a check asks for no key");
        }

        @Override
        public CompletionStage<List<OwnKey>> held(BareJid account) {
            return keys.apply(account);
        }
    }

    private static Configuration configuration(Object days) {
        return (Configuration) Proxy.newProxyInstance(
                ChecksTest.class.getClassLoader(), new Class<?>[] {Configuration.class}, (self, method, args) -> {
                    if (!(days instanceof Integer)) {
                        throw new IllegalStateException("cannot be turned into an int");
                    }
                    return days;
                });
    }

    private static void assertSays(Status status, String words, HealthCheck check) {
        Result result = check.execute();
        assertEquals(status, result.getStatus(), result.toString());
        assertTrue(result.toString().contains(words), result.toString());
    }

    private static TrustStore store(CompletionStage<KnownPeer> answer) {
        return (TrustStore) Proxy.newProxyInstance(
                ChecksTest.class.getClassLoader(), new Class<?>[] {TrustStore.class}, (self, method, args) -> {
                    assertEquals("peer", method.getName());
                    return answer;
                });
    }
}
