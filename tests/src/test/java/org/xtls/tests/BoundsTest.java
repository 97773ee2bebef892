package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xtls.tests.configuration.Attribute;
import org.xtls.tests.configuration.Metatype;
import org.xtls.tests.container.Contents;

/** Each number and truth value that can be configured, with what it may be and what not, in a running container. */
class BoundsTest {
    @TempDir
    private static Path home;

    /** From before the framework started: it is never deaf. */
    private static LogMark log;

    private static Player player;

    @BeforeAll
    static void start() {
        log = LogMark.now();
        player = new Player(
                home,
                Contents.all(
                        Contents.openPgp(),
                        Contents.srp(),
                        Contents.bundles(
                                4,
                                "org.osgi.service.jdbc",
                                "org.xtls.trust.jdbc",
                                "org.xtls.server.loopback",
                                "org.apache.felix.healthcheck.api",
                                "org.xtls.health")));
    }

    @AfterAll
    static void stop() {
        player.close();
    }

    static Stream<Arguments> numbers() {
        return Metatype.all().stream()
                .flatMap(metatype -> metatype.attributes().stream()
                        .filter(Attribute::isNumber)
                        .map(attribute -> arguments(metatype, attribute)));
    }

    /** What has to be set for a value at an end of its range to make sense, by the attribute's name. */
    private static final Map<String, Map<String, Object>> BESIDES = Map.of(
            "stanzaBytes", Map.of("queueBytes", 1 << 30),
            "queueBytes", Map.of("stanzaBytes", 65_536),
            "renew.before", Map.of("switch.before", 1),
            "switch.before", Map.of("renew.before", 365));

    /** Without which a configuration is none, by PID. */
    private static final Map<String, Map<String, Object>> NEEDED = Map.of(
            "org.xtls.connection.smack",
            Map.of("jid", "romeo@montague.net", ".password", "secret", "host", "127.0.0.1", "reconnect", "false"));

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("numbers")
    void a_number_is_taken_within_its_range_and_beyond_it_reported_by_name(Metatype metatype, Attribute number) {
        List<Long> range = number.options().isEmpty()
                ? List.of(
                        Long.valueOf(number.least().orElseThrow()),
                        Long.valueOf(number.most().orElseThrow()))
                : number.options().stream()
                        .map(option -> Long.valueOf(option.value()))
                        .toList();
        long least = range.stream().mapToLong(value -> value).min().orElseThrow();
        long most = range.stream().mapToLong(value -> value).max().orElseThrow();
        String pid = metatype.factory() ? metatype.pid() + "~bounds" : metatype.pid();
        Map<String, Object> others = new HashMap<>(NEEDED.getOrDefault(metatype.pid(), Map.of()));
        others.putAll(BESIDES.getOrDefault(number.id(), Map.of()));
        int before = complaints(pid, number.id()).size();
        try {
            player.actor().configure(pid, others);
            for (long value : LongStream.concat(
                            range.stream().mapToLong(good -> good), LongStream.of(least - 1, most + 1))
                    .toArray()) {
                player.actor().configure(pid, Map.of(number.id(), typed(number, value)));
            }
            player.actor().configure(pid, Map.of(number.id(), Long.toString(least))); // as a file PID.cfg has it
            player.actor().configure(pid, Map.of(number.id(), "many"));
            List<String> complaints = complaints(pid, number.id(), before, 3);
            assertSays(complaints.get(0), pid, number.id() + ": " + (least - 1));
            assertSays(complaints.get(1), pid, number.id() + ": " + (most + 1));
            assertSays(complaints.get(2), pid, number.id() + ": ");
            assertEquals(3, complaints.size(), complaints.toString());
        } finally {
            player.actor().unconfigure(pid);
        }
    }

    static Stream<Arguments> truths() {
        return Metatype.all().stream()
                .flatMap(metatype -> metatype.attributes().stream()
                        .filter(attribute -> attribute.type().equals("Boolean"))
                        .map(attribute -> arguments(metatype, attribute)));
    }

    /** Declarative Services on their own would take every word but 'true' for a no. */
    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("truths")
    void a_truth_value_is_true_or_false_or_reported_by_name(Metatype metatype, Attribute truth) {
        String pid = metatype.factory() ? metatype.pid() + "~bounds" : metatype.pid();
        int before = complaints(pid, truth.id()).size();
        try {
            player.actor().configure(pid, NEEDED.getOrDefault(metatype.pid(), Map.of()));
            for (Object value : List.of(true, false, "true", "false", "yes")) {
                player.actor().configure(pid, Map.of(truth.id(), value));
            }
            List<String> complaints = complaints(pid, truth.id(), before, 1);
            assertSays(complaints.get(0), pid, truth.id(), "'yes'");
            assertEquals(1, complaints.size(), complaints.toString());
        } finally {
            player.actor().unconfigure(pid);
        }
    }

    private static Object typed(Attribute number, long value) {
        return number.type().equals("Long") ? (Object) value : (Object) Math.toIntExact(value);
    }

    private static List<String> complaints(String pid, String id) {
        return log.complaints().stream()
                .filter(line -> line.contains(pid) && line.contains(id))
                .toList();
    }

    /** What has been said of an attribute since, once it is as much as this: some say it on a thread of their own. */
    private static List<String> complaints(String pid, String id, int before, int least) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Waiting.PATIENCE_SECONDS);
        List<String> said = complaints(pid, id);
        while (said.size() < before + least) {
            if (System.nanoTime() > end) {
                fail("of " + pid + ", " + id + " was said only: " + said + "\nand in all: " + log.complaints());
            }
            Thread.onSpinWait();
            said = complaints(pid, id);
        }
        return said.subList(before, said.size());
    }

    private static void assertSays(String line, String... words) {
        for (String word : words) {
            if (!line.contains(word)) {
                fail("'" + word + "' is not in: " + line);
            }
        }
    }
}
