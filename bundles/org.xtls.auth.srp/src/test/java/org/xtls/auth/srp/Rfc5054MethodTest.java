package org.xtls.auth.srp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.auth.srp.Side.JULIET;
import static org.xtls.auth.srp.Side.ROMEO;
import static org.xtls.auth.srp.Stages.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.password.Passwords.Use;
import org.xtls.tls.Credential;
import org.xtls.xml.Element;

class Rfc5054MethodTest {
    @TempDir
    Path home;

    Side romeo;
    Side juliet;

    @BeforeEach
    void open() {
        romeo = new Side(ROMEO, home.resolve("romeo"));
        juliet = new Side(JULIET, home.resolve("juliet"));
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
    }

    @Test
    void a_shared_password_verifies_both_by_tls_1_2_and_the_tunnel_says_that_it_is_legacy() throws Exception {
        romeo.shares("Caf\u00e9", JULIET);
        juliet.shares("Cafe\u0301", ROMEO);
        Attempt attempt = attempt();
        assertTrue(attempt.agree());
        assertEquals(Element.of(Offer.NAMESPACE, "srp"), attempt.start.things().get(0));
        assertEquals(Element.of(Offer.NAMESPACE, "srp"), attempt.agreed.things().get(0));
        attempt.shakeHands();
        assertEquals("TLSv1.2", attempt.client.handshake().version());
        Verdict legacy = new Verdict.Verified(null, "password, by the legacy method RFC 5054");
        assertEquals(legacy, attempt.atInitiator);
        assertEquals(legacy, attempt.atResponder);
        assertEquals(5, juliet.guessesLeft(ROMEO));
    }

    @Test
    void a_wrong_password_costs_both_a_guess() throws Exception {
        romeo.shares("therefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        Attempt attempt = attempt();
        assertTrue(attempt.agree());
        assertFalse(attempt.shakeHands().verified());
        assertEquals(4, romeo.guessesLeft(JULIET));
        assertEquals(4, juliet.guessesLeft(ROMEO));
    }

    @Test
    void the_user_name_is_the_initiators_bare_jid_on_both_sides() {
        romeo.shares("wherefore", JULIET);
        juliet.shares("wherefore", ROMEO);
        Attempt attempt = attempt();
        attempt.agree();
        Credential.SrpClient client = (Credential.SrpClient)
                await(attempt.initiating.credential(attempt.atInitiator(attempt.start, attempt.proceed)));
        Credential.SrpServer server = (Credential.SrpServer)
                await(attempt.responding.credential(attempt.atResponder(attempt.proceed, attempt.start)));
        assertEquals("romeo@montague.lit", client.userName());
        assertEquals("romeo@montague.lit", server.userName());
        assertEquals(3072, server.group().bits());
        assertEquals(4, romeo.guessesLeft(JULIET));
        assertEquals(4, juliet.guessesLeft(ROMEO));
        ((Rfc5054Method) attempt.initiating).close();
        ((Rfc5054Method) attempt.responding).close();
        org.junit.jupiter.api.Assertions.assertArrayEquals(new byte[9], client.password());
        org.junit.jupiter.api.Assertions.assertArrayEquals(new byte[384], server.verifier());
    }

    @Test
    void without_a_password_itself_without_the_bare_element_or_with_a_lock_there_is_no_answer() {
        romeo.shares("wherefore", JULIET);
        assertFalse(attempt().agree());
        juliet.shares("wherefore", ROMEO, Use.ANSWER);
        assertFalse(attempt().agree(), "a verifier is for the other method");
        juliet.shares("wherefore", ROMEO);
        Element withText = Element.of(Offer.NAMESPACE, "srp").withText("more");
        assertFalse(await(new Rfc5054Method(juliet.secrets)
                        .answer(juliet.negotiation(Role.RESPONDER, ROMEO, null, Side.confirming(List.of(withText)))))
                .possible());
        for (int i = 0; i < 5; i++) {
            await(juliet.secrets.spend(new Secret.Lasting(new Between(JULIET.bare(), ROMEO.bare()))));
        }
        Attempt locked = attempt();
        assertFalse(locked.agree());
        assertEquals("a password", locked.agreed.binding());
    }

    private Attempt attempt() {
        return new Attempt(romeo, new Rfc5054Method(romeo.secrets), juliet, new Rfc5054Method(juliet.secrets));
    }
}
