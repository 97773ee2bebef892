package org.xtls.trust.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;

/**
 * Real processes make trust decisions and are killed ({@code SIGKILL}) at random moments, from before they have opened
 * the store. After each kill the store is opened and holds all that was confirmed, and of the rest a beginning.
 *
 * <p>{@code -Dxtls.kills=N} changes how many die (1000), {@code -Dxtls.seed=N} repeats the decisions of a run; the
 * moments are the machine's.
 */
class KillTest {
    private static final int KILLS = Integer.getInteger("xtls.kills", 1_000);
    private static final long SEED = Long.getLong("xtls.seed", System.nanoTime());
    private static final int LANES = 2;

    /** A store for so many, so that young and old ones are hit. */
    private static final int KILLS_PER_STORE = 25;

    @TempDir
    Path directory;

    @Test
    void a_killed_process_loses_nothing_that_was_confirmed() throws Exception {
        System.out.println("KillTest: " + KILLS + " kills, -Dxtls.seed=" + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        ExecutorService executor = Executors.newFixedThreadPool(LANES);
        try {
            List<Future<Lane>> lanes = new ArrayList<>();
            for (int i = 0; i < LANES; i++) {
                int kills = KILLS / LANES + (i < KILLS % LANES ? 1 : 0);
                Lane lane = new Lane(directory.resolve("lane" + i), random.split());
                lanes.add(executor.submit(() -> lane.run(kills)));
            }
            int killed = 0;
            int confirmed = 0;
            int unconfirmed = 0;
            for (Future<Lane> future : lanes) {
                Lane lane = future.get(30, TimeUnit.MINUTES);
                killed += lane.killed;
                confirmed += lane.confirmed;
                unconfirmed += lane.unconfirmed;
            }
            System.out.println("KillTest: " + killed + " processes killed, " + confirmed + " decisions confirmed, "
                    + unconfirmed + " more kept before they were");
            assertEquals(KILLS, killed);
            assertTrue(confirmed > KILLS, confirmed + " decisions are too few to say anything");
        } finally {
            executor.shutdownNow();
            assertTrue(executor.awaitTermination(1, TimeUnit.MINUTES));
        }
    }

    private static final class Lane {
        private final Path directory;
        private final SplittableRandom random;
        private int killed;
        private int confirmed;
        private int unconfirmed;

        Lane(Path directory, SplittableRandom random) {
            this.directory = directory;
            this.random = random;
        }

        Lane run(int kills) throws Exception {
            Path home = directory;
            Model model = new Model();
            while (killed < kills && !Thread.currentThread().isInterrupted()) {
                if (killed % KILLS_PER_STORE == 0) {
                    home = directory.resolve("store" + killed / KILLS_PER_STORE);
                    model = new Model();
                    if (killed / KILLS_PER_STORE % 2 == 1) {
                        former(home, model);
                    }
                }
                live(home, model);
                killed++;
            }
            return this;
        }

        /** A file of the former format, which the first to live long enough takes over. */
        private static void former(Path home, Model model) throws IOException {
            Files.createDirectories(
                    home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            KeyName key = new KeyName("x509", "%064x".formatted(3));
            Files.writeString(
                    home.resolve(Journal.NAME),
                    "xtls-trust 1\nkey peer1@capulet.lit " + key
                            + " distrusted 2026-11-24T10:15:30Z stolen\nmethod peer1@capulet.lit x509\nend\n");
            model.known("peer1@capulet.lit", key, KeyState.DISTRUSTED, "stolen", "x509");
        }

        private void live(Path home, Model model) throws Exception {
            long seed = random.nextLong();
            int acknowledged = lifeOf(home, seed);
            Random decisions = new Random(seed);
            int number = 0;
            while (number < acknowledged) {
                number++;
                model.apply(Decision.next(decisions, number));
            }
            confirmed += number;
            try (FileTrustStore store = new FileTrustStore(home)) {
                String held = Model.text(store);
                String expected = model.text();
                while (!held.equals(model.text())) {
                    if (number == acknowledged + OtherProcess.AT_ONCE) {
                        assertEquals(expected, held, "-Dxtls.seed=" + SEED + ", " + home + ", kill " + killed);
                    }
                    number++;
                    model.apply(Decision.next(decisions, number));
                    unconfirmed++;
                }
            }
        }

        /** How many decisions it confirmed before it was killed. */
        private int lifeOf(Path home, long seed) throws Exception {
            int last = 0;
            try (OtherProcess process = OtherProcess.deciding(home, seed)) {
                if (random.nextInt(5) == 0) {
                    process.runOn(random.nextInt(200_000));
                } else {
                    for (int acknowledgements = random.nextInt(30); last < acknowledgements; ) {
                        last = after(last, process.line());
                    }
                    process.runOn(random.nextInt(3_000));
                }
                process.kill();
                for (String line = process.line(); !line.isEmpty(); line = process.line()) {
                    last = after(last, line);
                }
            }
            return last;
        }

        private int after(int last, String line) {
            return line.equals(Integer.toString(last + 1))
                    ? last + 1
                    : fail("-Dxtls.seed=" + SEED + ", kill " + killed + ": after " + last + " came '" + line + "'");
        }
    }
}
