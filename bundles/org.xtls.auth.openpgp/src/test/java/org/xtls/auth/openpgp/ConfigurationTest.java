package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.openpgp.PGPSignature;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Role;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;

class ConfigurationTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.example");

    @TempDir
    Path directory;

    @Test
    void nothing_configured_is_no_key_and_no_error() {
        try (OpenPgpKeys keys = new OpenPgpKeys(of(Map.of()))) {
            assertFalse(keys.hasKey());
            assertEquals(List.of(), Stages.await(keys.keys(ROMEO)));
        }
    }

    @Test
    void the_defaults_are_those_documented() {
        Settings settings = Settings.of(of(Map.of()));
        assertEquals(Settings.NONE.toString(), settings.toString());
        assertEquals(Settings.NONE, settings);
    }

    @Test
    void what_makes_no_sense_is_named() {
        bad("agent.timeout", Map.of("agent_timeout", 0));
        bad("agent.timeout", Map.of("agent_timeout", 601));
        bad("agent.timeout: it is no whole number", Map.of("agent_timeout", "long"));
        bad("agent: 'yes' is neither true nor false", Map.of("agent", "yes"));
        bad("depth", Map.of("depth", -1));
        bad("depth", Map.of("depth", 6));
        bad("depth: it is no whole number", Map.of("depth", "deep"));
        bad("marginals", Map.of("marginals", 1));
        bad("marginals", Map.of("marginals", 11));
        bad("marginals: it is no whole number", Map.of("marginals", "some"));
        bad("recheck", Map.of("recheck", 0));
        bad("recheck", Map.of("recheck", 1_441));
        bad("recheck: it is no whole number", Map.of("recheck", "often"));
        bad("fingerprint", Map.of("fingerprint", "ABCD"));
        bad("introducers", Map.of("introducers", new String[] {"somebody"}));
        bad("key and agent", Map.of("key", "/a", "agent", "true"));
        bad("key", Map.of("key", "/a\0b"));
        bad("gpg", Map.of("gpg", " "));
    }

    private static void bad(String attribute, Map<String, Object> values) {
        RuntimeException refused = assertThrows(RuntimeException.class, () -> Settings.of(of(values)));
        assertTrue(String.valueOf(refused.getMessage()).startsWith(attribute), refused.getMessage());
    }

    @Test
    void a_wrong_configuration_at_the_start_fails_every_step_with_the_reason() {
        try (OpenPgpKeys keys = new OpenPgpKeys(of(Map.of("depth", 9)))) {
            keys.use(new MemoryTrustStore());
            Failure failure = Stages.failure(new OpenPgpMethod(keys)
                    .offer(new Negotiation(
                            ROMEO.at("x"),
                            new FullJid(ROMEO, "y"),
                            Role.INITIATOR,
                            false,
                            Policy.DEFAULT,
                            null,
                            null)));
            assertTrue(failure.message().contains("configuration org.xtls.auth.openpgp: depth"), failure.message());
            keys.modified(of(Map.of()));
            assertEquals(List.of(), Stages.await(keys.keys(ROMEO)));
        }
    }

    @Test
    void a_wrong_change_changes_nothing() {
        Side romeo = new Side(directory, "romeo@montague.example");
        try (romeo) {
            romeo.keys.modified(of(Map.of("recheck", -1)));
            assertEquals(List.of(romeo.name()), Stages.await(romeo.keys.keys(romeo.jid)));
        }
    }

    @Test
    void a_change_takes_effect_without_a_restart() {
        Side romeo = new Side(directory, "romeo@montague.example");
        try (romeo) {
            romeo.keys.modified(of(Map.of()));
            assertEquals(List.of(), Stages.await(romeo.keys.keys(romeo.jid)));
        }
    }

    @Test
    void a_key_ring_that_is_named_now_is_looked_into_now() throws Exception {
        Side romeo = new Side(directory, "romeo@montague.example");
        Side juliet = new Side(directory, "juliet@capulet.example");
        try (romeo;
                juliet) {
            romeo.pins(juliet);
            Path ring = Files.write(
                    directory.resolve("ring.pgp"),
                    Pgp.cat(
                            Pgp.primary(juliet.primary),
                            Pgp.direct(
                                    PGPSignature.KEY_REVOCATION,
                                    juliet.primary,
                                    Pgp.how().reason(2)),
                            Pgp.userId("xmpp:" + juliet.jid),
                            Pgp.selfSignature(juliet.primary, "xmpp:" + juliet.jid, Pgp.certifying())));
            romeo.keys.modified(of(Map.of("keyring", new String[] {ring.toString()})));
            // Steps are done in order: behind two more rounds of the worker the look has been taken.
            for (int round = 0; round < 2; round++) {
                Stages.await(romeo.keys.view(juliet.jid, null));
            }
            assertEquals(KeyState.DISTRUSTED, romeo.store.state(juliet.jid, juliet.name()));
        }
    }

    @Test
    void the_passphrase_is_not_in_what_is_logged() {
        Settings settings = Settings.of(of(Map.of("key", "/a", "_passphrase", "light")));
        assertEquals("light", settings.passphrase());
        assertFalse(settings.toString().contains("light"));
    }

    /** A configuration as Declarative Services make it: a proxy over values, with the annotation's defaults. */
    private static Configuration of(Map<String, Object> values) {
        Map<String, Object> all = new HashMap<>(values);
        InvocationHandler handler = (proxy, method, arguments) -> {
            Object value = all.getOrDefault(method.getName(), method.getDefaultValue());
            if (method.getReturnType() == int.class && !(value instanceof Integer)) {
                throw new IllegalStateException("cannot be turned into an int");
            }
            return value;
        };
        return (Configuration) Proxy.newProxyInstance(
                Configuration.class.getClassLoader(), new Class<?>[] {Configuration.class}, handler);
    }
}
