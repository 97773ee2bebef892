package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.xtls.tests.Waiting.now;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.Container;
import org.xtls.tests.container.Contents;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Talk;

/** Whatever the order in which bundles of ours are stopped and started, they work again. */
class StopOrderTest {
    private static final long SEED = Long.getLong("xtls.seed", 1);
    private static final int LONGER_ORDERS = 5;

    private static final List<String> OURS = List.of(
            "org.xtls.api",
            "org.xtls.auth.openpgp",
            "org.xtls.auth.srp",
            "org.xtls.auth.x509",
            "org.xtls.connection.smack",
            "org.xtls.tls.bc",
            "org.xtls.transport.smack",
            "org.xtls.trust.file",
            "org.xtls.tunnel");

    @RegisterExtension
    static final Theatre THEATRE = new Theatre(Contents.openPgp(), Contents.srp());

    private static ProsodyServer server;

    private final List<String> errors = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    /** With a tunnel after all pairs that have one bundle in common. */
    @Test
    void every_pair_stopped_and_started_in_both_orders_works_again() throws Exception {
        listening(() -> {
            for (String one : OURS) {
                for (String other : OURS) {
                    if (!one.equals(other)) {
                        stopAndStart(List.of(one, other), List.of(one, other));
                        stopAndStart(List.of(one, other), List.of(other, one));
                    }
                }
                talk(one);
            }
        });
    }

    @Test
    void longer_orders_work_again() throws Exception {
        Random random = new Random(SEED);
        listening(() -> {
            for (int i = 0; i < LONGER_ORDERS; i++) {
                List<String> stopped = new ArrayList<>(OURS);
                Collections.shuffle(stopped, random);
                stopped = stopped.subList(0, 3 + random.nextInt(OURS.size() - 2));
                List<String> started = new ArrayList<>(stopped);
                Collections.shuffle(started, random);
                stopAndStart(stopped, started);
                talk("-Dxtls.seed=" + SEED + ": " + stopped + " and " + started);
            }
        });
    }

    private interface Story {
        void play() throws BundleException;
    }

    private void listening(Story story) throws BundleException {
        Container container = THEATRE.romeo().container();
        FrameworkListener ear = event -> {
            if (event.getType() == FrameworkEvent.ERROR) {
                errors.add(event.getBundle() + ": " + event.getThrowable());
            }
        };
        container.context().addFrameworkListener(ear);
        LogMark log = LogMark.now();
        try {
            story.play();
        } finally {
            container.context().removeFrameworkListener(ear);
        }
        assertEquals(List.of(), errors);
        assertEquals(List.of(), log.complaints());
    }

    private static void stopAndStart(List<String> stopped, List<String> started) throws BundleException {
        Container container = THEATRE.romeo().container();
        for (String name : stopped) {
            container.bundle(name).stop();
        }
        for (String name : started) {
            container.bundle(name).start();
        }
        for (String name : started) {
            assertEquals(Bundle.ACTIVE, container.bundle(name).getState(), name + " after " + stopped + started);
        }
    }

    private static void talk(String after) {
        THEATRE.romeo().findActor();
        try (Scene scene = THEATRE.scene(server.port()).trusting()) {
            Talk talk = now(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("PEER", now(talk.send("<message type='chat'><body>again</body></message>")), after);
        }
    }
}
