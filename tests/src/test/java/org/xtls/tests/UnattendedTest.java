package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Event;

/** A container in which no application holds a service of ours: it only listens. */
class UnattendedTest {
    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    @Test
    void a_container_answers_though_no_application_asks_for_the_tunnel_service() {
        try (ProsodyServer server = ProsodyServer.start(Theatre.users());
                Scene scene = THEATRE.scene(server.port()).trusting()) {
            assertEquals(
                    "PEER",
                    now(scene.romeo()
                            .opensTo(scene.juliet())
                            .send("<message><body>O, speak again, bright angel!</body></message>")));
            scene.juliet().next(Event.Kind.OPENED);
            assertTrue(scene.juliet().hears().contains("bright angel"));
        }
    }
}
