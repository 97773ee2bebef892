package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tunnel.service.Container.failure;
import static org.xtls.tunnel.service.Container.get;
import static org.xtls.tunnel.service.Container.next;
import static org.xtls.tunnel.service.ScriptedMethod.done;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xtls.Acknowledgement;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.auth.Answer;
import org.xtls.auth.Offer;
import org.xtls.auth.Verdict;
import org.xtls.tls.Credential;
import org.xtls.transport.Iq;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustQuestion;
import org.xtls.xml.Element;

/** Policies, memory and changes of trust, with two whole services. */
class PolicyInForceTest {
    private final Server server = new Server();
    private final Container romeo = new Container(server, "romeo@montague.net/orchard", Map.of());
    private final Container juliet = new Container(server, "juliet@capulet.com/balcony", Map.of());
    private final ScriptedMethod romeosOther = new ScriptedMethod("other");
    private final ScriptedMethod julietsOther = new ScriptedMethod("other");

    PolicyInForceTest() {
        Provider his = new Provider(2, "other", 50, romeosOther);
        romeo.service.bindMethod(his.reference, his.objects);
        Provider hers = new Provider(3, "other", 50, julietsOther);
        juliet.service.bindMethod(hers.reference, hers.objects);
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
        server.close();
    }

    private static void rules(Container container, String... rules) {
        container.policy.modified(Map.of("rules", rules));
    }

    // ---- methods

    @Test
    void methods_come_in_the_order_of_preference_until_policy_prefers_another() {
        Tunnel first = romeo.open(juliet);
        assertEquals("test", first.security().method());
        get(first.close());
        next(juliet.heard.closed);
        rules(romeo, "capulet.com: prefer other");
        assertEquals("other", romeo.open(juliet).security().method());
    }

    @Test
    void a_method_that_the_initiators_policy_forbids_is_not_offered() {
        BlockingQueue<Offer> offers = new LinkedBlockingQueue<>();
        julietsOther.answer = negotiation -> {
            Offer received = negotiation.received();
            assertTrue(received != null);
            offers.add(received);
            return done(Answer.possible(List.of(Element.of("urn:example", "other"))));
        };
        rules(romeo, "juliet@capulet.com: never test");
        assertEquals("other", romeo.open(juliet).security().method());
        assertFalse(next(offers).element().child("urn:example", "test").isPresent());
    }

    @Test
    void what_a_method_holds_counts_though_it_has_nothing_to_offer_or_cannot_say_what() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        romeosOther.offer = negotiation -> done(List.of());
        romeosOther.answer = negotiation -> done(Answer.IMPOSSIBLE.bound("a locked password"));
        Failure held = failure(romeo.service.open(romeo.me, juliet.me));
        assertEquals(Code.UNTRUSTED, held.code());
        assertTrue(held.message().contains("a locked password (other)"), held.message());

        romeosOther.offer = negotiation -> CompletableFuture.failedFuture(new IllegalStateException("no disk"));
        romeosOther.answer = negotiation -> CompletableFuture.failedFuture(new IllegalStateException("no disk"));
        Failure unknown = failure(romeo.service.open(romeo.me, juliet.me));
        assertEquals(Code.UNTRUSTED, unknown.code());
        assertTrue(unknown.message().contains("what other could not say"), unknown.message());

        romeosOther.answer = negotiation -> done(Answer.IMPOSSIBLE);
        assertEquals(Trust.UNVERIFIED, romeo.open(juliet).security().trust());
    }

    @Test
    void a_method_that_offered_nothing_is_not_chosen_whatever_it_answers() {
        romeosOther.offer = negotiation -> done(List.of());
        romeosOther.answer = negotiation -> done(Answer.possible(List.of()).bound("something"));
        assertEquals("test", romeo.open(juliet).security().method());
    }

    @Test
    void a_method_that_the_responders_policy_forbids_is_not_answered() {
        rules(juliet, "montague.net: require other");
        assertEquals("other", romeo.open(juliet).security().method());
    }

    @Test
    void whoever_names_a_forbidden_method_all_the_same_is_refused() {
        rules(juliet, "*: never test");
        Server.ServedLink tybalt = server.link(FullJid.parse("tybalt@capulet.com/street"));
        BlockingQueue<Iq> answers = new LinkedBlockingQueue<>();
        tybalt.listen(new LinkListener() {
            @Override
            public void received(Iq iq) {
                answers.add(iq);
            }

            @Override
            public void unavailable(FullJid peer) {}

            @Override
            public void lost(String reason) {}
        });
        Offer offer = Offer.of(List.of(Element.of("urn:example", "test"), Element.of("urn:example", "other")));
        tybalt.send(new Iq.Request(
                juliet.me, "s", true, Element.of("urn:xmpp:tmp:xtls", "start").with(offer.element())));
        Element proceed = assertInstanceOf(Iq.Result.class, next(answers)).payload();
        assertTrue(proceed != null);
        Element answer = proceed.child(Offer.NAMESPACE, "offer").orElseThrow();
        assertTrue(answer.child("urn:example", "other").isPresent());
        assertFalse(answer.child("urn:example", "test").isPresent());
        tybalt.send(new Iq.Request(
                juliet.me,
                "d",
                true,
                Element.of("urn:xmpp:tmp:xtls", "data").with("method", "test").withText("AAAA")));
        assertEquals(
                StanzaError.Condition.NOT_ACCEPTABLE,
                assertInstanceOf(Iq.Error.class, next(answers)).error().condition());
        assertEquals(Code.NO_COMMON_METHOD, next(juliet.heard.failed).code());
    }

    @Test
    void where_policy_forbids_every_method_the_failure_names_the_rules() {
        rules(romeo, "juliet@capulet.com: never test other");
        Failure failure = failure(romeo.service.open(juliet.me));
        assertEquals(Code.NO_COMMON_METHOD, failure.code());
        assertTrue(
                failure.message().contains("the policy for juliet@capulet.com (never test) forbids test"),
                failure.message());
        assertTrue(
                failure.message().contains("the policy for juliet@capulet.com (never other) forbids other"),
                failure.message());
    }

    @Test
    void where_policies_have_no_method_in_common_the_failure_names_the_rule() {
        rules(romeo, "capulet.com: require other");
        rules(juliet, "*: never other");
        assertEquals(Code.REFUSED, failure(romeo.service.open(juliet.me)).code());
        Failure hers = next(juliet.heard.failed);
        assertEquals(Code.NO_COMMON_METHOD, hers.code());
        assertTrue(
                hers.message().contains("the policy for romeo@montague.net (never other) forbids other"),
                hers.message());
        rules(juliet);
        juliet.service.unbindMethod(juliet.provider.reference);
        julietsOther.answer = negotiation -> done(Answer.IMPOSSIBLE);
        romeosOther.offer = negotiation -> done(List.of());
        Failure his = failure(romeo.service.open(juliet.me));
        assertTrue(
                his.message().contains("the policy for juliet@capulet.com (require other) forbids test"),
                his.message());
    }

    @Test
    void the_rules_in_force_are_shown_to_observers() {
        assertFalse(romeo.service.runtime().policy.containsKey("rules"));
        rules(romeo, "*: bootstrap no", "juliet@capulet.com: require other, first-use reject");
        assertEquals(
                "juliet@capulet.com: require other, first-use reject; *: bootstrap no",
                romeo.service.runtime().policy.get("rules"));
        assertEquals("ask", romeo.service.runtime().policy.get("first-use"));
        rules(romeo, "nonsense");
        assertTrue(romeo.service.runtime().policy.get("rules").startsWith("juliet"), "the last sound ones");
    }

    // ---- trust

    @Test
    void where_verified_tunnels_are_required_a_first_use_is_not_enough_and_a_compared_key_is() {
        romeo.method.knowsNobody();
        rules(romeo, "*.com: require verified", "*: first-use accept");
        BlockingQueue<TrustQuestion> questions = new LinkedBlockingQueue<>();
        assertForbidden(failure(romeo.service.open(juliet.me)));
        romeo.bindPrompt(question -> {
            questions.add(question);
            return done(TrustAnswer.FIRST_USE);
        });
        assertForbidden(failure(romeo.service.open(juliet.me)));
        assertTrue(next(questions).concern().contains("require verified"));
        assertEquals(List.of(), romeo.trust.of(juliet.me.bare()).keys());
        romeo.bindPrompt(question -> done(TrustAnswer.VERIFIED));
        assertEquals(Trust.VERIFIED, romeo.open(juliet).security().trust());
    }

    private static void assertForbidden(Failure failure) {
        assertEquals(Code.UNTRUSTED, failure.code());
        assertTrue(
                failure.message()
                        .contains("the policy for juliet@capulet.com (require verified) forbids unverified tunnels"),
                failure.message());
    }

    @Test
    void an_expired_key_is_taken_again_only_when_its_user_has_compared_it() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "pinned"));
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.EXPIRED, "its time ran out"));
        Failure expired = failure(romeo.service.open(juliet.me));
        assertEquals(Code.UNTRUSTED, expired.code());
        assertTrue(expired.message().contains("that key has expired"), expired.message());
        romeo.bindPrompt(question -> done(TrustAnswer.FIRST_USE));
        assertEquals(expired, failure(romeo.service.open(juliet.me)));
        romeo.bindPrompt(question -> done(TrustAnswer.VERIFIED));
        assertEquals(Trust.VERIFIED, romeo.open(juliet).security().trust());
        assertEquals(List.of(), List.copyOf(romeo.heard.changedKeys), "it is the same key");
    }

    @Test
    void a_peer_that_a_method_is_bound_to_is_taken_unverified_only_on_its_users_word_and_for_this_once() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        // The method with the password cannot go on: a server took it out of the offers.
        romeosOther.answer = negotiation -> done(Answer.IMPOSSIBLE.bound("a password"));
        Failure refused = failure(romeo.service.open(juliet.me));
        assertEquals(Code.UNTRUSTED, refused.code());
        assertTrue(refused.message().contains("a password (other)"), refused.message());
        BlockingQueue<TrustQuestion> questions = new LinkedBlockingQueue<>();
        romeo.bindPrompt(question -> {
            questions.add(question);
            return done(TrustAnswer.FIRST_USE);
        });
        assertEquals(Trust.UNVERIFIED, romeo.open(juliet).security().trust());
        assertEquals(
                "This side holds a password (other) of this peer, and that key proves nothing of it.",
                next(questions).concern());
        assertEquals(List.of(), romeo.trust.of(juliet.me.bare()).keys(), "not remembered");
    }

    @Test
    void a_responder_is_bound_just_as_well() {
        juliet.method.knowsNobody();
        juliet.policy.modified(Map.of("first-use", "accept"));
        julietsOther.answer = negotiation -> done(Answer.IMPOSSIBLE.bound("a password"));
        assertEquals(
                Code.DISTRUSTED_BY_PEER, failure(romeo.service.open(juliet.me)).code());
        assertTrue(next(juliet.heard.failed).message().contains("a password (other)"));
    }

    @Test
    void a_method_that_stumbles_over_an_offer_has_not_said_that_it_holds_nothing() {
        juliet.method.knowsNobody();
        juliet.policy.modified(Map.of("first-use", "accept"));
        julietsOther.answer = negotiation -> CompletableFuture.failedFuture(new IllegalStateException("broken"));
        failure(romeo.service.open(juliet.me));
        assertTrue(next(juliet.heard.failed).message().contains("what other could not say"));
    }

    @Test
    void a_peer_that_was_verified_without_any_key_is_no_stranger() {
        romeo.method.verify = negotiation -> done(new Verdict.Verified(null, "a password"));
        Tunnel byPassword = romeo.open(juliet);
        assertEquals("", romeo.shown().get(0).fingerprint);
        get(byPassword.send(Stanza.chat("hi")));
        get(byPassword.close());
        next(juliet.heard.closed);
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        Failure failure = failure(romeo.service.open(juliet.me));
        assertEquals(Code.UNTRUSTED, failure.code());
        assertTrue(failure.message().contains("verified before (by test)"), failure.message());
    }

    @ParameterizedTest
    @EnumSource(
            value = KeyState.class,
            names = {"VERIFIED", "FIRST_USE", "EXPIRED"})
    void a_key_change_is_an_event_and_an_error_of_its_own(KeyState state) {
        romeo.method.knowsNobody();
        KeyName before = new KeyName("test", "cd".repeat(32));
        get(romeo.trust.put(juliet.me.bare(), before, state == KeyState.FIRST_USE ? state : KeyState.VERIFIED, "x"));
        get(romeo.trust.put(juliet.me.bare(), before, state, "x"));
        for (String firstUse : List.of("reject", "ask", "accept")) {
            romeo.policy.modified(Map.of("first-use", firstUse));
            assertEquals(
                    Code.KEY_CHANGED, failure(romeo.service.open(juliet.me)).code());
            assertEquals(romeo.method.key(), next(romeo.heard.changedKeys));
        }
        BlockingQueue<String> order = new LinkedBlockingQueue<>();
        romeo.listen(
                new TunnelListener() {
                    @Override
                    public void keyChanged(FullJid local, FullJid peer, KeyName key, org.xtls.trust.KnownPeer known) {
                        order.add(
                                "told of " + peer + ", known by " + known.keys().size());
                    }
                },
                0);
        romeo.bindPrompt(question -> {
            order.add("asked");
            return done(TrustAnswer.VERIFIED);
        });
        romeo.open(juliet);
        assertEquals("told of " + juliet.me + ", known by 1", next(order));
        assertEquals("asked", next(order));
    }

    @Test
    void a_change_of_trust_reaches_every_tunnel_that_stands_on_that_key_and_no_other() {
        try (Container nurse = new Container(server, "nurse@capulet.com/kitchen", Map.of())) {
            Server.ServedLink street = server.link(FullJid.parse("romeo@montague.net/street"));
            romeo.service.bindLink(street);
            Tunnel first = romeo.open(juliet);
            Tunnel second = get(romeo.service.open(street.local(), juliet.me));
            Tunnel other = romeo.open(nurse); // who proves the same key, as it happens
            get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "compared"));
            get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.DISTRUSTED, "stolen"));
            for (Tunnel tunnel : List.of(first, second)) {
                Failure failure = get(tunnel.closed()).failure();
                assertEquals(Code.UNTRUSTED, failure.code());
                assertTrue(failure.message().contains("is distrusted now (stolen)"), failure.message());
            }
            assertEquals(Acknowledgement.PEER, get(other.send(Stanza.chat("still here"))));
            romeo.service.unbindLink(street);
        }
    }

    @Test
    void a_tunnel_ends_with_its_key_where_policy_rechecks_and_not_elsewhere() {
        rules(juliet, "montague.net: recheck no");
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "pinned"));
        get(juliet.trust.put(romeo.me.bare(), juliet.method.key(), KeyState.VERIFIED, "pinned"));
        Tunnel tunnel = romeo.open(juliet);
        get(juliet.trust.put(romeo.me.bare(), juliet.method.key(), KeyState.EXPIRED, "its time ran out"));
        assertEquals(Acknowledgement.PEER, get(next(juliet.heard.opened).send(Stanza.chat("still here"))));
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.EXPIRED, "its time ran out"));
        assertEquals(Code.UNTRUSTED, get(tunnel.closed()).failure().code());
    }

    @Test
    void a_tunnel_is_verified_by_the_store_in_use_only() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        Tunnel tunnel = romeo.open(juliet);
        MemoryTrust another = new MemoryTrust();
        another.tell(romeo.service::trustChanged);
        get(another.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "compared"));
        get(tunnel.send(Stanza.chat("hi")));
        assertEquals(Trust.UNVERIFIED, tunnel.security().trust());
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.VERIFIED, "compared"));
        assertEquals(tunnel, next(romeo.heard.secured));
        assertEquals(Trust.VERIFIED, tunnel.security().trust());
        assertEquals("verified", romeo.shown().get(0).trust);
        get(tunnel.send(Stanza.chat("hi")));
        assertTrue(romeo.trust.of(juliet.me.bare()).methods().contains("test"));
    }

    @Test
    void two_questions_about_one_peer_do_not_wait_for_one_another() {
        Server.ServedLink street = server.link(FullJid.parse("romeo@montague.net/street"));
        romeo.service.bindLink(street);
        romeo.method.knowsNobody();
        BlockingQueue<CompletableFuture<TrustAnswer>> asked = new LinkedBlockingQueue<>();
        romeo.bindPrompt(question -> {
            CompletableFuture<TrustAnswer> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
        });
        CompletionStage<Tunnel> first = romeo.service.open(romeo.me, juliet.me);
        CompletableFuture<TrustAnswer> one = next(asked);
        CompletionStage<Tunnel> second = romeo.service.open(street.local(), juliet.me);
        CompletableFuture<TrustAnswer> two = next(asked);
        two.complete(TrustAnswer.FIRST_USE);
        assertEquals(Trust.UNVERIFIED, get(second).security().trust());
        assertFalse(first.toCompletableFuture().isDone());
        one.complete(TrustAnswer.VERIFIED);
        assertEquals(Trust.VERIFIED, get(first).security().trust());
        assertEquals(get(second), next(romeo.heard.secured), "the same key");
        romeo.service.unbindLink(street);
    }

    @Test
    void a_negotiation_that_ends_takes_its_question_along() {
        romeo.method.knowsNobody();
        BlockingQueue<CompletableFuture<TrustAnswer>> asked = new LinkedBlockingQueue<>();
        romeo.bindPrompt(question -> {
            CompletableFuture<TrustAnswer> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
        });
        CompletionStage<Tunnel> opening = romeo.service.open(juliet.me);
        CompletableFuture<TrustAnswer> question = next(asked);
        get(romeo.trust.put(juliet.me.bare(), romeo.method.key(), KeyState.DISTRUSTED, "the user's word"));
        assertEquals(Code.UNTRUSTED, failure(opening).code());
        assertTrue(question.isCancelled());
        CompletionStage<Tunnel> again = romeo.service.open(juliet.me);
        assertEquals(Code.UNTRUSTED, failure(again).code());
        assertEquals(0, asked.size(), "a distrusted key is not asked about");
    }

    // ---- secrets

    @Test
    void a_pre_shared_key_that_comes_when_nobody_waits_for_it_is_wiped() {
        BlockingQueue<CompletableFuture<Credential>> asked = new LinkedBlockingQueue<>();
        romeo.method.credential = negotiation -> {
            // Cancelling what is handed out does not reach it: so methods are often written.
            CompletableFuture<Credential> derived = new CompletableFuture<>();
            asked.add(derived);
            return derived.minimalCompletionStage();
        };
        CompletionStage<Tunnel> opening = romeo.service.open(juliet.me);
        CompletableFuture<Credential> late = next(asked);
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) 7);
        romeo.link.lose();
        assertEquals(Code.LINK_LOST, failure(opening).code());
        assertTrue(late.complete(new Credential.ExternalPsk(new byte[] {1}, key)));
        assertArrayEquals(new byte[32], key);
    }

    // ---- for applications

    @Test
    void both_sides_export_the_same_for_one_label_and_tunnel() {
        Tunnel here = romeo.open(juliet);
        Tunnel there = next(juliet.heard.opened);
        byte[] material = get(here.export("EXPORTER-test", 32));
        assertEquals(32, material.length);
        assertArrayEquals(material, get(there.export("EXPORTER-test", 32)));
        assertFalse(Arrays.equals(material, get(there.export("EXPORTER-other", 32))));
        Tunnel fresh = get(here.renew());
        assertFalse(Arrays.equals(material, get(fresh.export("EXPORTER-test", 32))));
        assertEquals(Code.CLOSED, failure(here.export("EXPORTER-test", 32)).code());
    }

    @Test
    void what_cannot_be_exported_is_refused_at_once() {
        Tunnel tunnel = romeo.open(juliet);
        for (String label : List.of("", "with blank", "ümlaut", "x".repeat(201))) {
            assertThrows(IllegalArgumentException.class, () -> tunnel.export(label, 32), label);
        }
        assertThrows(IllegalArgumentException.class, () -> tunnel.export("EXPORTER-test", 0));
        assertThrows(IllegalArgumentException.class, () -> tunnel.export("EXPORTER-test", 256));
        get(tunnel.close());
        assertEquals(Code.CLOSED, failure(tunnel.export("EXPORTER-test", 32)).code());
        romeo.close();
        assertEquals(
                Code.SERVICE_GONE, failure(tunnel.export("EXPORTER-test", 32)).code());
    }

    @Test
    void a_tunnel_that_was_up_before_its_offers_were_confirmed_says_so_when_they_are() {
        Tunnel there = romeo.open(juliet);
        Tunnel here = next(juliet.heard.opened);
        get(there.send(Stanza.chat("hi")));
        next(juliet.heard.received);
        assertTrue(here.security().offersConfirmed());
    }

    @Test
    void listeners_are_asked_by_ranking_and_an_iq_that_one_takes_goes_to_none_below() {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        juliet.heard.takes = false;
        juliet.listen(listener("taking", order, true), 5);
        juliet.listen(listener("equal", order, false), 5);
        juliet.listen(listener("above", order, false), 7);
        juliet.listen(listener("below", order, true), 1);
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.parse("<iq type='get' id='q'><query xmlns='jabber:iq:version'/></iq>")));
        get(tunnel.send(Stanza.chat("hi")));
        assertEquals("hi", next(juliet.heard.received).body().orElseThrow());
        assertEquals(
                List.of(
                        "above iq",
                        "taking iq",
                        "equal iq",
                        "above message",
                        "taking message",
                        "equal message",
                        "below message"),
                order.subList(0, 7));
    }

    private static TunnelListener listener(String name, List<String> order, boolean takes) {
        return new TunnelListener() {
            @Override
            public boolean received(Tunnel tunnel, Stanza stanza) {
                order.add(name + " " + stanza.element().name());
                return takes;
            }
        };
    }
}
