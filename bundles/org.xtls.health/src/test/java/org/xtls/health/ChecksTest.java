package org.xtls.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.Result.Status;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;
import org.xtls.runtime.MethodDTO;
import org.xtls.runtime.RuntimeDTO;
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
