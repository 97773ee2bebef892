package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.trust.file.Stages.await;
import static org.xtls.trust.file.Stages.failure;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;

class FileTrustStoreTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final Instant ONE = Instant.parse("2026-11-24T13:00:00Z");
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");
    private static final KeyName KEY = new KeyName("x509", "ab".repeat(32));
    private static final KeyName OTHER = new KeyName("openpgp", "cd".repeat(20));

    @TempDir
    Path home;

    @Test
    void a_call_sees_what_was_asked_before_it() throws Exception {
        try (FileTrustStore store = at(NOON)) {
            List<CompletionStage<KnownPeer>> puts = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                puts.add(
                        store.put(JULIET, new KeyName("x509", "%064x".formatted(i)), KeyState.VERIFIED, "number " + i));
            }
            assertEquals(50, await(store.peer(JULIET)).keys().size());
            for (int i = 0; i < 50; i++) {
                assertEquals(i + 1, await(puts.get(i)).keys().size());
            }
        }
    }

    @Test
    void the_directory_and_the_files_are_the_owners_alone() throws Exception {
        Path directory = home.resolve("a/b");
        try (FileTrustStore store = new FileTrustStore(directory)) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            assertEquals("rwx------", permissions(home.resolve("a")));
            assertEquals("rwx------", permissions(directory));
            try (var files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    assertEquals("rw-------", permissions(file), file.toString());
                }
            }
        }
    }

    @Test
    void a_directory_that_others_may_write_to_is_refused() throws Exception {
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwx---"));
        String message = refusal();
        assertTrue(message.contains("can be written by others (rwxrwx---)"), message);
    }

    @Test
    void a_file_that_others_may_write_to_is_refused() throws Exception {
        try (FileTrustStore store = at(NOON)) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        }
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-rw-rw-"));
        String message = refusal();
        assertTrue(message.contains("known-keys can be written by others"), message);
    }

    @Test
    void a_closed_store_says_so() throws Exception {
        FileTrustStore store = at(NOON);
        store.close();
        store.close();
        assertEquals(Failure.Code.SERVICE_GONE, failure(store.peer(JULIET)).code());
        assertEquals(
                Failure.Code.SERVICE_GONE,
                failure(store.put(JULIET, KEY, KeyState.VERIFIED, "")).code());
    }

    @Test
    void closing_does_first_what_was_asked_before_and_leaves_no_thread() throws Exception {
        FileTrustStore store = at(NOON);
        CompletionStage<KnownPeer> put = store.put(JULIET, KEY, KeyState.VERIFIED, "pinned");
        store.close();
        assertTrue(put.toCompletableFuture().isDone());
        await(put);
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("xtls-trust-file")));
    }

    @Test
    void strangers_cannot_fill_the_disk_and_the_user_is_not_held_up_by_them() throws Exception {
        try (FileTrustStore store = new FileTrustStore(home, 2, Clock.systemUTC())) {
            await(store.put(JULIET, KEY, KeyState.FIRST_USE, ""));
            await(store.put(ROMEO, KEY, KeyState.FIRST_USE, ""));
            Failure full = failure(store.put(ROMEO, OTHER, KeyState.FIRST_USE, ""));
            assertEquals(Failure.Code.LIMIT, full.code());
            await(store.put(ROMEO, KEY, KeyState.FIRST_USE, "again"));
            await(store.put(JULIET, OTHER, KeyState.VERIFIED, "the user"));
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "the user"));
            await(store.put(ROMEO, OTHER, KeyState.FIRST_USE, "there is room again"));
        }
    }

    @Test
    void one_peer_cannot_fill_the_disk_and_the_user_is_not_held_up_by_it() throws Exception {
        try (FileTrustStore store = at(NOON)) {
            for (int i = 0; i < 1_000; i++) {
                store.vouch(JULIET, new KeyName("x509", "%064x".formatted(i)), "handed over in a tunnel by srp-psk");
            }
            for (CompletionStage<?> stage :
                    List.of(store.vouch(JULIET, KEY, ""), store.put(JULIET, KEY, KeyState.FIRST_USE, ""))) {
                Failure full = failure(stage);
                assertEquals(Failure.Code.LIMIT, full.code());
                assertEquals(Failure.Fault.PEER, full.fault());
            }
            assertEquals(1_000, await(store.peer(JULIET)).keys().size());
            await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "the user"));
            await(store.vouch(ROMEO, KEY, "handed over"));
            KeyName held = new KeyName("x509", "%064x".formatted(7));
            await(store.put(JULIET, held, KeyState.EXPIRED, "ran out"));
            assertEquals(1_001, await(store.peer(JULIET)).keys().size());
        }
    }

    @Test
    void listeners_are_told_before_the_caller_and_may_ask_the_store() throws Exception {
        try (FileTrustStore store = at(NOON)) {
            List<String> events = Collections.synchronizedList(new ArrayList<>());
            List<CompletionStage<KnownPeer>> asked = Collections.synchronizedList(new ArrayList<>());
            store.addListener(change -> {
                events.add(change.to() + " on " + Thread.currentThread().getName());
                asked.add(store.peer(change.peer()));
            });
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned").thenAccept(known -> events.add("confirmed")));
            assertEquals(List.of("VERIFIED on xtls-trust-file", "confirmed"), events);
            assertEquals(
                    KeyState.VERIFIED,
                    await(asked.get(0)).key(KEY).orElseThrow().state());
        }
    }

    @Test
    void a_listener_that_was_removed_hears_nothing_more_and_one_that_fails_badly_does_no_harm() throws Exception {
        try (FileTrustStore store = at(NOON)) {
            List<TrustChange> first = Collections.synchronizedList(new ArrayList<>());
            List<TrustChange> second = Collections.synchronizedList(new ArrayList<>());
            TrustListener leaving = first::add;
            store.addListener(leaving);
            store.addListener(change -> {
                throw new NoClassDefFoundError("of a bundle that has gone");
            });
            store.addListener(second::add);
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            store.removeListener(leaving);
            await(store.put(JULIET, KEY, KeyState.DISTRUSTED, "stolen"));
            assertEquals(1, first.size());
            assertEquals(await(store.history(JULIET)), second);
        }
    }

    @Test
    void an_edit_by_hand_is_not_undone() throws Exception {
        try (FileTrustStore store = at(NOON)) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            String edited = Files.readString(file()) + "distrust them all\n";
            Files.writeString(file(), edited);
            for (CompletionStage<?> stage :
                    List.of(store.put(ROMEO, KEY, KeyState.VERIFIED, ""), store.keep(JULIET, KEY, new byte[1]))) {
                Failure failure = failure(stage);
                assertTrue(failure.message().contains("changed by another program"), failure.message());
            }
            assertEquals(edited, Files.readString(file()));
        }
    }

    @Test
    void a_changed_directory_is_moved_to_and_a_bad_one_is_not() throws Exception {
        Path elsewhere = home.resolve("elsewhere");
        try (FileTrustStore store = new FileTrustStore(home.resolve("first"))) {
            await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            store.modified(configuration(elsewhere.toString(), 5));
            assertEquals(List.of(), await(store.peers()));
            await(store.put(ROMEO, KEY, KeyState.VERIFIED, "pinned"));
            try (FileTrustStore first = new FileTrustStore(home.resolve("first"))) {
                assertEquals(1, await(first.peers()).size());
                store.modified(configuration(home.resolve("first").toString(), 5));
                store.modified(configuration("\0", 5));
                store.modified(configuration(home.resolve("second").toString(), -1));
                store.modified(configuration(home.resolve("second").toString(), "many"));
                assertEquals(ROMEO, await(store.peers()).get(0).peer());
            }
        }
        assertFalse(Files.exists(home.resolve("second")));
    }

    @Test
    void a_component_keeps_its_file_below_the_home_or_in_the_bundles_data_area() throws Exception {
        for (String xtlsHome : new String[] {home.resolve("home").toString(), null}) {
            try (FileTrustStore store = new FileTrustStore(framework(xtlsHome), configuration("", 5))) {
                await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
            }
        }
        assertTrue(Files.exists(home.resolve("home/trust/known-keys")));
        assertTrue(Files.exists(home.resolve("data/trust/known-keys")));
    }

    @Test
    void a_component_whose_file_is_corrupt_says_so_at_each_use_and_goes_on_when_it_is_repaired() throws Exception {
        KnownPeer before;
        try (FileTrustStore store = at(NOON)) {
            before = await(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
        }
        String good = Files.readString(file());
        String corrupt = good.replace("VERIFIED", "DISTRUSTED");
        Files.writeString(file(), corrupt);
        try (FileTrustStore store = new FileTrustStore(framework(null), configuration(home.toString(), 5))) {
            for (CompletionStage<?> stage :
                    List.of(store.peer(JULIET), store.peers(), store.put(ROMEO, KEY, KeyState.VERIFIED, ""))) {
                Failure failure = failure(stage);
                assertEquals(Failure.Code.LOCAL, failure.code());
                assertTrue(
                        failure.message().contains(file() + ", line 2: the line does not fit its checksum"),
                        failure.message());
            }
            assertEquals(corrupt, Files.readString(file()));
            Files.writeString(file(), good);
            assertEquals(before, await(store.peer(JULIET)));
        }
    }

    @Test
    void a_second_container_on_one_home_is_told_so_until_the_first_has_gone() throws Exception {
        Configuration configuration = configuration(home.toString(), 5);
        try (FileTrustStore second = new FileTrustStore(framework(null), configuration)) {
            await(second.peers());
            try (FileTrustStore third = new FileTrustStore(framework(null), configuration)) {
                Failure failure = failure(third.put(JULIET, KEY, KeyState.VERIFIED, ""));
                assertTrue(failure.message().contains("in use by another trust store"), failure.message());
                second.close();
                await(third.put(JULIET, KEY, KeyState.VERIFIED, ""));
            }
        }
    }

    @Test
    void a_store_that_starts_with_a_configuration_that_makes_no_sense_says_so_until_it_is_corrected() throws Exception {
        Map<Configuration, String> bad = Map.of(
                configuration("\0", 5), "directory: ",
                configuration("", -1), "firstUseLimit: -1 is not between 0 and 1000000",
                configuration("", 1_000_001), "firstUseLimit: 1000001 is not between 0 and 1000000",
                configuration("", "many"), "firstUseLimit: it is no whole number");
        for (Map.Entry<Configuration, String> entry : bad.entrySet()) {
            Path corrected = Files.createTempDirectory(home, "corrected");
            try (FileTrustStore store = new FileTrustStore(framework(null), entry.getKey())) {
                Failure failure = failure(store.put(JULIET, KEY, KeyState.VERIFIED, "pinned"));
                assertEquals(Failure.Code.LOCAL, failure.code());
                assertEquals(Failure.Fault.LOCAL, failure.fault());
                assertTrue(
                        failure.message().startsWith("configuration org.xtls.trust.file: " + entry.getValue()),
                        failure.message());
                assertEquals("Correct it.", failure.advice());

                store.modified(configuration("", -7));
                assertTrue(failure(store.peers()).message().contains("-7 is not between"));
                store.modified(configuration(corrected.toString(), 1));
                await(store.put(JULIET, KEY, KeyState.FIRST_USE, "first"));
                assertEquals(
                        Failure.Code.LIMIT,
                        failure(store.put(ROMEO, KEY, KeyState.FIRST_USE, "second"))
                                .code());
            }
            assertTrue(Files.exists(corrected.resolve("known-keys")));
            assertFalse(Files.exists(home.resolve("data")), "nothing was kept elsewhere meanwhile");
        }
    }

    private BundleContext framework(@Nullable String xtlsHome) {
        return (BundleContext) Proxy.newProxyInstance(
                BundleContext.class.getClassLoader(),
                new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getProperty" -> arguments[0].equals("xtls.home") ? xtlsHome : null;
                    case "getDataFile" ->
                        home.resolve("data").resolve((String) arguments[0]).toFile();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    /** A limit that is no number fails when it is asked for, as Declarative Services do it. */
    private static Configuration configuration(String directory, Object firstUseLimit) {
        Map<String, Object> values = Map.of("directory", directory, "firstUseLimit", firstUseLimit);
        return (Configuration) Proxy.newProxyInstance(
                Configuration.class.getClassLoader(),
                new Class<?>[] {Configuration.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == arguments[0];
                    default -> {
                        Object value = values.get(method.getName());
                        if (method.getReturnType() == int.class && !(value instanceof Integer)) {
                            throw new IllegalStateException("cannot be turned into an int");
                        }
                        yield value;
                    }
                });
    }

    private FileTrustStore at(Instant time) throws IOException {
        return new FileTrustStore(home, 100, Clock.fixed(time.plusNanos(123_456_789), ZoneOffset.UTC));
    }

    private Path file() {
        return home.resolve("known-keys");
    }

    private String refusal() {
        return assertThrows(IOException.class, () -> new FileTrustStore(home)).getMessage();
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
