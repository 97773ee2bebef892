package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tunnel.service.Container.get;
import static org.xtls.tunnel.service.Container.next;
import static org.xtls.tunnel.service.ScriptedMethod.done;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.Failure.Code;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.auth.KeyTransfer.HandedKey;
import org.xtls.auth.KeyTransfer.Taken;
import org.xtls.auth.Verdict;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.TrustChange;
import org.xtls.tunnel.keys.Bootstrapped;
import org.xtls.tunnel.keys.Ed25519Keys;
import org.xtls.xml.Element;

/** Keys handed over inside real tunnels, with real signatures. */
class BootstrappingTest {
    private static final int FIRST = 1_000_000;
    private static final String ASK = "<iq type='get' id='%s'><pubkeys xmlns='urn:xmpp:tmp:pubkey'/></iq>";

    private final Server server = new Server();
    private final Container romeo = new Container(server, "romeo@montague.net/orchard", Map.of());
    private final Container juliet = new Container(server, "juliet@capulet.com/balcony", Map.of());
    private final Ed25519Keys romeos = new Ed25519Keys("x509");
    private final Ed25519Keys juliets = new Ed25519Keys("x509");
    /** Handed behind the others: when it is pinned, those before it have had their chance. */
    private final Ed25519Keys last = new Ed25519Keys("zuletzt");

    private final List<Bootstrapped> installed = new ArrayList<>();
    private final BlockingQueue<TrustChange> romeoLearns = new LinkedBlockingQueue<>();
    private final BlockingQueue<TrustChange> julietLearns = new LinkedBlockingQueue<>();

    BootstrappingTest() {
        for (Container container : List.of(romeo, juliet)) {
            container.method.verify = negotiation -> done(new Verdict.Verified(null, "a password"));
        }
        romeo.trust.tell(romeoLearns::add);
        juliet.trust.tell(julietLearns::add);
    }

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        romeo.close();
        juliet.close();
        installed.forEach(Bootstrapped::close);
        server.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("xtls-tunnel-")) {
                thread.join(10_000);
                assertFalse(thread.isAlive(), thread + " is left");
            }
        }
    }

    private Bootstrapped install(Container container, Ed25519Keys... keys) {
        return install(container, Map.of(), 60_000, keys);
    }

    private Bootstrapped install(
            Container container, Map<String, Object> policies, long answerMillis, Ed25519Keys... keys) {
        Bootstrapped component = new Bootstrapped(policies, container.trust, answerMillis).with(keys);
        installed.add(component);
        container.listen(component.listener(), FIRST);
        return component;
    }

    /** An application of Juliet's that answers requests for keys in her stead. */
    private void julietAnswers(Function<byte[], String> keys) {
        juliet.listen(
                new TunnelListener() {
                    @Override
                    public boolean received(Tunnel tunnel, Stanza stanza) {
                        if (!stanza.toXml().contains("type=\"get\"")
                                && !stanza.toXml().contains("type='get'")) {
                            return false;
                        }
                        var unused = statement(tunnel, juliet)
                                .thenCompose(statement -> tunnel.send(Stanza.parse("<iq type='result' id='"
                                        + stanza.element().attribute("id").orElseThrow()
                                        + "'><pubkeys xmlns='urn:xmpp:tmp:pubkey'>" + keys.apply(statement)
                                        + "</pubkeys></iq>")));
                        return true;
                    }
                },
                FIRST);
    }

    private static String proved(HandedKey key) {
        return key.keyinfo()
                .with(Element.of("urn:x-xtls:1", "proof")
                        .withText(Base64.getEncoder().encodeToString(key.signature())))
                .toXml();
    }

    /** The answer to a request that Romeo makes by hand. */
    private Stanza ask(Tunnel tunnel, String request) {
        get(tunnel.send(Stanza.parse(request)));
        return answer();
    }

    /** The next that Romeo hears but her own requests. */
    private Stanza answer() {
        Stanza heard = next(romeo.heard.received);
        return isGet(heard) ? answer() : heard;
    }

    private static boolean isGet(Stanza stanza) {
        return stanza.element().attribute("type").orElse("").equals("get");
    }

    private static String condition(Stanza error) {
        assertEquals("error", error.element().attribute("type").orElseThrow());
        return error.element()
                .child(Stanza.NAMESPACE, "error")
                .orElseThrow()
                .children()
                .findFirst()
                .orElseThrow()
                .name();
    }

    // ---- as it should be

    @Test
    void in_a_verified_and_confirmed_tunnel_each_side_pins_the_keys_that_the_other_proves_to_hold() {
        install(romeo, romeos);
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        TrustChange hers = next(romeoLearns);
        TrustChange his = next(julietLearns);
        assertEquals(juliet.me.bare(), hers.peer());
        assertEquals(juliets.name(), hers.key());
        assertEquals(KeyState.VERIFIED, hers.to());
        assertEquals("handed over in a tunnel verified by test (a password)", hers.evidence());
        assertEquals(romeos.name(), his.key());
        assertEquals(romeo.me.bare(), his.peer());
        get(tunnel.send(Stanza.chat("hi")));
        assertEquals("hi", next(juliet.heard.received).body().orElseThrow(), "applications hear nothing of it");
        get(next(juliet.heard.opened).send(Stanza.chat("hi yourself")));
        assertEquals("hi yourself", next(romeo.heard.received).body().orElseThrow());
        assertArrayEquals(
                juliets.keys.getPublic().getEncoded(),
                get(romeo.trust.material(juliet.me.bare(), juliets.name())).orElseThrow());
    }

    @Test
    void the_next_key_is_vouched_for_by_the_tunnel_of_the_present_one() {
        Ed25519Keys nextOne = new Ed25519Keys("x509");
        juliets.hands = statement -> done(List.of(juliets.handed(statement), nextOne.handed(statement)));
        install(romeo, romeos);
        install(juliet, juliets);
        romeo.open(juliet);
        assertEquals(juliets.name(), next(romeoLearns).key());
        assertEquals(nextOne.name(), next(romeoLearns).key());
    }

    @Test
    void what_one_tunnel_pins_makes_another_one_verified() {
        try (Container garden = new Container(server, "juliet@capulet.com/garden", Map.of())) {
            romeo.method.verify = negotiation -> done(
                    negotiation.peer().equals(garden.me)
                            ? new Verdict.Unknown(juliets.name())
                            : new Verdict.Verified(null, "a password"));
            romeo.policy.modified(Map.of("first-use", "accept"));
            install(romeo, romeos);
            install(juliet, juliets);
            Tunnel unverified = romeo.open(garden);
            assertEquals(Trust.UNVERIFIED, unverified.security().trust());
            Tunnel byPassword = romeo.open(juliet);
            assertEquals(Trust.VERIFIED, byPassword.security().trust());
            assertEquals(unverified, next(romeo.heard.secured));
            assertEquals(Trust.VERIFIED, unverified.security().trust());
            assertEquals(
                    "handed over in a tunnel verified by test (a password)",
                    unverified.security().evidence());
        }
    }

    @Test
    void a_tunnel_that_is_verified_later_asks_then() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        install(romeo, romeos);
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(Trust.UNVERIFIED, tunnel.security().trust());
        assertEquals(KeyState.FIRST_USE, next(romeoLearns).to());
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "compared"));
        assertEquals(romeo.method.key(), next(romeoLearns).key());
        TrustChange handed = next(romeoLearns);
        assertEquals(juliets.name(), handed.key());
        assertEquals("handed over in a tunnel verified by test (compared)", handed.evidence());
    }

    @Test
    void a_key_seen_on_first_use_is_raised() {
        get(romeo.trust.put(juliet.me.bare(), juliets.name(), KeyState.FIRST_USE, "first use"));
        next(romeoLearns);
        install(romeo, romeos);
        install(juliet, juliets);
        romeo.open(juliet);
        TrustChange raised = next(romeoLearns);
        assertEquals(KeyState.FIRST_USE, raised.from());
        assertEquals(KeyState.VERIFIED, raised.to());
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"DISTRUSTED", "EXPIRED", "VERIFIED"})
    void a_key_that_the_store_has_judged_stays_what_it_is(KeyState state) {
        get(romeo.trust.put(juliet.me.bare(), juliets.name(), KeyState.VERIFIED, "the user's word"));
        get(romeo.trust.put(juliet.me.bare(), juliets.name(), state, "the user's word"));
        romeoLearns.clear();
        install(romeo, romeos, last);
        install(juliet, juliets, last);
        romeo.open(juliet);
        assertEquals(last.name(), next(romeoLearns).key());
        KnownKey kept = romeo.trust.of(juliet.me.bare()).key(juliets.name()).orElseThrow();
        assertEquals(state, kept.state());
        assertEquals("the user's word", kept.evidence());
        assertEquals(
                state == KeyState.VERIFIED,
                get(romeo.trust.material(juliet.me.bare(), juliets.name())).isPresent());
    }

    // ---- what proves nothing

    @Test
    void what_stands_on_the_word_of_a_ca_pins_nothing_that_would_outlive_it() {
        BlockingQueue<Taken> taken = new LinkedBlockingQueue<>();
        romeos.answers = answer -> {
            taken.add(answer);
            return done(answer);
        };
        romeo.method.verify = negotiation -> done(new Verdict.Verified(romeo.method.key(), "certified by a CA"));
        install(romeo, romeos);
        install(juliet, juliets);
        Tunnel certified = romeo.open(juliet);
        assertTrue(next(taken) instanceof Taken.Held);
        get(certified.close());
        next(juliet.heard.closed);

        romeo.method.verify = negotiation -> done(new Verdict.Verified(null, "a password"));
        romeo.open(juliet);
        assertEquals(
                "handed over in a tunnel verified by test (a password)",
                next(romeoLearns).evidence());
    }

    @Test
    void an_unverified_tunnel_asks_for_nothing_and_hands_out_nothing() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        install(romeo, romeos);
        Tunnel tunnel = romeo.open(juliet);
        Tunnel back = next(juliet.heard.opened);
        get(tunnel.send(Stanza.chat("hi")));
        assertEquals("hi", next(juliet.heard.received).body().orElseThrow(), "nothing was asked before that");
        get(back.send(Stanza.parse(ASK.formatted("k1"))));
        assertEquals("not-allowed", condition(next(juliet.heard.received)));
    }

    @Test
    void what_an_unverified_tunnel_is_told_unasked_pins_nothing() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        install(romeo, romeos);
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(romeo.method.key(), next(romeoLearns).key());
        Tunnel back = next(juliet.heard.opened);
        String keys = proved(juliets.handed(get(statement(back, juliet))));
        get(back.send(Stanza.parse(
                "<iq type='result' id='k1'><pubkeys xmlns='urn:xmpp:tmp:pubkey'>" + keys + "</pubkeys></iq>")));
        assertEquals("k1", next(romeo.heard.received).element().attribute("id").orElseThrow(), "it is nobody's answer");
        assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
        get(tunnel.close());
    }

    @Test
    void a_key_without_proof_is_not_pinned_and_the_next_one_is() {
        install(romeo, romeos, last);
        julietAnswers(statement -> juliets.keyinfo().toXml() + proved(last.handed(statement)));
        romeo.open(juliet);
        assertEquals(last.name(), next(romeoLearns).key());
        assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
    }

    @Test
    void a_proof_of_another_tunnel_pins_nothing() {
        BlockingQueue<HandedKey> proofs = new LinkedBlockingQueue<>();
        juliets.hands = statement -> {
            proofs.add(juliets.handed(statement));
            return done(List.of());
        };
        install(romeo, romeos, last);
        Bootstrapped hers = install(juliet, juliets, last);
        Tunnel first = romeo.open(juliet);
        HandedKey old = next(proofs);
        assertEquals(last.name(), next(romeoLearns).key());
        get(first.close());
        next(juliet.heard.closed);

        juliets.hands = statement -> done(List.of(old));
        Ed25519Keys another = new Ed25519Keys("zzz");
        installed.get(0).with(another);
        hers.with(another);
        romeo.open(juliet);
        assertEquals(another.name(), next(romeoLearns).key());
        assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
    }

    @Test
    void ones_own_proof_reflected_pins_nothing() {
        BlockingQueue<HandedKey> proofs = new LinkedBlockingQueue<>();
        romeos.hands = statement -> {
            HandedKey mine = romeos.handed(statement);
            proofs.add(mine);
            return done(List.of(mine));
        };
        install(romeo, romeos, last);
        Bootstrapped hers = install(juliet, last);
        Ed25519Keys mirror = new Ed25519Keys("x509");
        mirror.hands = statement -> done(List.of(next(proofs)));
        hers.with(mirror);
        romeo.open(juliet);
        assertEquals(last.name(), next(romeoLearns).key());
        assertTrue(romeo.trust.of(juliet.me.bare()).key(romeos.name()).isEmpty());
    }

    @Test
    void another_ones_key_handed_as_ones_own_is_not_pinned() {
        Ed25519Keys alices = new Ed25519Keys("x509");
        Ed25519Keys mallorys = new Ed25519Keys("x509");
        BlockingQueue<HandedKey> proofs = new LinkedBlockingQueue<>();
        try (Container mallory = new Container(server, "mallory@montague.net/web", Map.of())) {
            // Alice hands her key to Mallory, who tries to pass it on as Mallory's own.
            alices.hands = statement -> {
                proofs.add(alices.handed(statement));
                return done(List.of(alices.handed(statement)));
            };
            install(juliet, alices);
            install(mallory, mallorys);
            mallory.open(juliet);
            HandedKey alicesProof = next(proofs);

            mallorys.hands = statement -> done(List.of(
                    alicesProof,
                    new HandedKey(alices.keyinfo(), mallorys.sign(statement)),
                    mallorys.handed(statement)));
            install(romeo, romeos);
            get(romeo.service.open(mallory.me));
            TrustChange pinned = next(romeoLearns);
            assertEquals(mallorys.name(), pinned.key(), "what Mallory holds is Mallory's");
            assertEquals(mallory.me.bare(), pinned.peer());
            assertEquals(1, romeo.trust.of(mallory.me.bare()).keys().size());
        }
    }

    private static CompletionStage<byte[]> statement(Tunnel tunnel, Container sender) {
        return tunnel.export("EXPORTER-xtls-possession", 32).thenApply(exported -> {
            ByteArrayOutputStream statement = new ByteArrayOutputStream();
            statement.writeBytes((" ".repeat(64) + "urn:x-xtls:1 possession\0" + sender.me.bare() + "\0")
                    .getBytes(StandardCharsets.UTF_8));
            statement.writeBytes(exported);
            return statement.toByteArray();
        });
    }

    @Test
    void more_keys_than_are_taken_spoil_them_all() {
        install(romeo, romeos, last);
        BlockingQueue<byte[]> told = new LinkedBlockingQueue<>();
        julietAnswers(statement -> {
            told.add(statement);
            return "<keyinfo/>".repeat(17);
        });
        Tunnel tunnel = romeo.open(juliet);
        next(told);
        Tunnel back = next(juliet.heard.opened);
        get(back.send(Stanza.chat("after that")));
        assertEquals("after that", next(romeo.heard.received).body().orElseThrow());
        assertEquals(List.of(), romeo.trust.of(juliet.me.bare()).keys());
        get(tunnel.send(Stanza.chat("and nothing has ended")));
    }

    @Test
    void a_peer_that_makes_key_after_key_does_not_fill_the_store() {
        for (int i = 0; i < 64; i++) {
            KeyName key = new KeyName("x509", "%064x".formatted(i));
            get(romeo.trust.put(juliet.me.bare(), key, KeyState.VERIFIED, "pinned"));
        }
        Ed25519Keys known = new Ed25519Keys("zuletzt");
        get(romeo.trust.put(juliet.me.bare(), known.name(), KeyState.FIRST_USE, "first use"));
        romeoLearns.clear();
        install(romeo, romeos, known);
        install(juliet, juliets, known);
        romeo.open(juliet);
        assertEquals(known.name(), next(romeoLearns).key());
        assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
    }

    // ---- policy

    @Test
    void where_policy_says_no_nothing_is_asked_and_nothing_is_handed_out() {
        install(romeo, Map.of("rules", new String[] {"capulet.com: bootstrap no"}), 60_000, romeos);
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        Tunnel back = next(juliet.heard.opened);
        get(tunnel.send(Stanza.chat("hi")));
        get(back.send(Stanza.chat("hi")));
        next(romeo.heard.received);
        assertEquals(List.of(), romeo.trust.of(juliet.me.bare()).keys());
        // And she, whose own request he has refused, learned nothing either.
        assertEquals(List.of(), juliet.trust.of(romeo.me.bare()).keys());
    }

    @Test
    void a_refusal_says_whose_decision_it_is() {
        install(juliet, Map.of("rules", new String[] {"montague.net: bootstrap no"}), 60_000, juliets);
        Tunnel tunnel = romeo.open(juliet);
        assertEquals("forbidden", condition(ask(tunnel, ASK.formatted("k1"))));
    }

    @Test
    void keys_of_a_method_that_may_not_be_used_are_neither_handed_nor_taken() {
        install(romeo, Map.of("rules", new String[] {"*: never x509"}), 60_000, romeos, last);
        install(juliet, juliets, last);
        romeo.open(juliet);
        assertEquals(last.name(), next(romeoLearns).key());
        assertEquals(last.name(), next(julietLearns).key());
        assertEquals(1, romeo.trust.of(juliet.me.bare()).keys().size());
        assertEquals(1, juliet.trust.of(romeo.me.bare()).keys().size());
    }

    @Test
    void a_wrong_configuration_exchanges_nothing_at_the_start_and_changes_nothing_later() {
        Bootstrapped hers = install(juliet, Map.of("first-use", "whatever"), 60_000, juliets);
        Tunnel tunnel = romeo.open(juliet);
        assertEquals("forbidden", condition(ask(tunnel, ASK.formatted("k1"))));
        hers.modified(Map.of());
        hers.modified(Map.of("rules", new String[] {"nonsense"}));
        assertEquals(
                "result",
                ask(tunnel, ASK.formatted("k2")).element().attribute("type").orElseThrow());
    }

    // ---- bounds

    @Test
    void one_answer_is_made_at_a_time_and_a_few_in_all() {
        BlockingQueue<CompletableFuture<List<HandedKey>>> asked = new LinkedBlockingQueue<>();
        juliets.hands = statement -> {
            CompletableFuture<List<HandedKey>> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
        };
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        for (int i = 0; i < 4; i++) {
            get(tunnel.send(Stanza.parse(ASK.formatted("k" + i))));
            CompletableFuture<List<HandedKey>> answer = next(asked);
            assertEquals("resource-constraint", condition(ask(tunnel, ASK.formatted("meanwhile" + i))));
            answer.complete(List.of());
            Stanza answered = answer();
            assertEquals("k" + i, answered.element().attribute("id").orElseThrow());
            assertEquals("result", answered.element().attribute("type").orElseThrow());
        }
        assertEquals("resource-constraint", condition(ask(tunnel, ASK.formatted("k5"))));
        assertEquals(0, asked.size());
    }

    @Test
    void a_request_for_anything_else_is_a_bad_one() {
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        Stanza answer = ask(
                tunnel,
                "<iq type='get' id='k'><pubkeys xmlns='urn:xmpp:tmp:pubkey' jid='benvolio@montague.net'/></iq>");
        assertEquals("bad-request", condition(answer));
    }

    @Test
    void a_method_that_fails_throws_or_says_nothing_is_left_out() {
        Ed25519Keys throwing = new Ed25519Keys("aaa");
        throwing.hands = statement -> {
            throw new NoClassDefFoundError("refreshed");
        };
        throwing.answers = taken -> {
            throw new IllegalStateException("broken");
        };
        Ed25519Keys failing = new Ed25519Keys("bbb");
        failing.hands = statement -> CompletableFuture.failedFuture(new IllegalStateException("locked"));
        Ed25519Keys silent = new Ed25519Keys("ccc");
        silent.hands = statement -> done(null);
        install(juliet, throwing, failing, silent, juliets);
        install(romeo, romeos);
        romeo.open(juliet);
        assertEquals(juliets.name(), next(romeoLearns).key());
    }

    @Test
    void a_method_that_fails_to_judge_one_key_does_not_keep_the_next_from_being_taken() {
        List<Function<Taken, CompletionStage<Taken>>> misdeeds = List.of(
                taken -> {
                    throw new IllegalStateException("broken");
                },
                taken -> done(null),
                taken -> CompletableFuture.failedFuture(new IllegalStateException("broken")));
        install(juliet, juliets, last);
        install(romeo, romeos, last);
        for (Function<Taken, CompletionStage<Taken>> misdeed : misdeeds) {
            romeos.answers = taken -> taken instanceof Taken.Held ? misdeed.apply(taken) : done(taken);
            Tunnel tunnel = romeo.open(juliet);
            assertEquals(last.name(), next(romeoLearns).key());
            assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
            get(tunnel.close());
            next(juliet.heard.closed);
            romeo.trust.forget();
        }
    }

    @Test
    void a_method_that_takes_too_long_is_waited_for_no_more() {
        CompletableFuture<Taken> never = new CompletableFuture<>();
        romeos.answers = taken -> taken instanceof Taken.Held ? never : done(taken);
        install(romeo, Map.of(), 50, romeos, last);
        install(juliet, juliets, last);
        romeo.open(juliet);
        assertEquals(last.name(), next(romeoLearns).key());
        assertEquals(true, get(never.handle((taken, failure) -> never.isCancelled())));
        assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
    }

    @Test
    void a_tunnel_that_ends_while_a_method_looks_at_a_key_pins_nothing() {
        BlockingQueue<CompletableFuture<Taken>> looking = new LinkedBlockingQueue<>();
        romeos.answers = taken -> {
            CompletableFuture<Taken> answer = new CompletableFuture<>();
            looking.add(answer);
            return answer;
        };
        install(romeo, romeos);
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        CompletableFuture<Taken> look = next(looking);
        get(tunnel.close());
        next(romeo.heard.closed);
        assertTrue(look.isCancelled());
        assertEquals(List.of(), romeo.trust.of(juliet.me.bare()).keys());
    }

    @Test
    void a_tunnel_whose_own_key_is_distrusted_meanwhile_vouches_for_nothing() {
        BlockingQueue<Taken> judged = new LinkedBlockingQueue<>();
        CompletableFuture<Taken> look = new CompletableFuture<>();
        romeos.answers = taken -> {
            judged.add(taken);
            return look;
        };
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "pinned"));
        romeo.method.verify = negotiation -> done(new Verdict.Verified(romeo.method.key(), "pinned"));
        install(romeo, romeos);
        install(juliet, juliets);
        Tunnel tunnel = romeo.open(juliet);
        Taken held = next(judged);
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.DISTRUSTED, "the user's word"));
        look.complete(held); // before or after the tunnel has ended of it
        assertEquals(Code.UNTRUSTED, get(tunnel.closed()).failure().code());
        assertTrue(romeo.trust.of(juliet.me.bare()).key(juliets.name()).isEmpty());
    }

    @Test
    void without_a_trust_store_nothing_is_asked() {
        install(romeo, romeos).loseTrust();
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.chat("the first thing Juliet hears")));
        assertEquals(
                "the first thing Juliet hears",
                next(juliet.heard.received).body().orElseThrow());
    }

    @Test
    void a_peer_that_knows_nothing_of_it_gets_a_working_tunnel() {
        install(romeo, romeos);
        juliet.heard.takes = false;
        Tunnel tunnel = romeo.open(juliet);
        assertTrue(next(juliet.heard.received).toXml().contains("urn:xmpp:tmp:pubkey"));
        get(tunnel.send(Stanza.chat("hi")));
        get(next(juliet.heard.opened).send(Stanza.chat("hi")));
        assertEquals("hi", next(romeo.heard.received).body().orElseThrow(), "her refusal is no application's affair");
    }
}
