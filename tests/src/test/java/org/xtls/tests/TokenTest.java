package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Talk;

/** Juliet's private key is on a token, in a process of its own; Romeo's is in a file. Between them, a real Prosody. */
class TokenTest {
    private static final String ROMEO = "romeo0@montague.net";
    private static final String JULIET = "juliet0@capulet.com";

    @TempDir
    static Path files;

    private static ProsodyServer server;
    private static TokenHolder juliet;
    private static Player romeo;
    private static Session orchard;
    private static String balcony;

    @BeforeAll
    static void enter() {
        server = ProsodyServer.start(Theatre.users());
        juliet = TokenHolder.start(files.resolve("juliet"), SoftToken.make(files.resolve("token"), JULIET));
        romeo = new Player(files.resolve("romeo"));
        orchard = romeo.enter(server.port(), ROMEO, "orchard");
        balcony = juliet.enter(server.port(), JULIET);
        romeo.actor().trust(JULIET, juliet.fingerprint(JULIET));
        assertEquals("pinned", juliet.pin(ROMEO, orchard.fingerprint()));
    }

    @AfterAll
    static void leave() {
        juliet.close();
        romeo.close();
        server.close();
    }

    @Test
    void a_token_signs_the_handshake_as_the_side_that_answers() {
        Talk out = now(orchard.opening(balcony));
        assertEquals("VERIFIED", out.security().trust());
        assertEquals(juliet.fingerprint(JULIET), out.security().fingerprint());
        assertEquals("PEER", now(out.send("<message><body>It is the east</body></message>")));
        assertTrue(juliet.hears(balcony).contains("It is the east"));
        now(out.close());
    }

    @Test
    void a_token_signs_the_handshake_as_the_side_that_begins() {
        assertEquals("VERIFIED PEER", juliet.says(balcony, orchard.jid(), "O swear not by the moon"));
        Talk back = orchard.talks().get(0);
        assertEquals("VERIFIED", back.security().trust());
        assertEquals(juliet.fingerprint(JULIET), back.security().fingerprint());
        now(back.close());
    }
}
