package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.auth.Offer;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError.Condition;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.xml.Element;
import org.xtls.xml.Text;

/** How two sides come to agree, and the rows of the error table before the handshake. */
class AgreementTest {
    private static final Element START = Element.of("urn:xmpp:tmp:xtls", "start");

    @Test
    void a_tunnel_is_made_in_the_steps_of_the_protocol() {
        World world = World.withTunnel();
        Iq.Request start = (Iq.Request) world.romeo.sent.get(0);
        assertTrue(start.set() && start.payload().is("urn:xmpp:tmp:xtls", "start"));
        assertTrue(start.payload().child(Offer.NAMESPACE, "offer").isPresent());
        Iq.Result proceed = assertInstanceOf(Iq.Result.class, world.juliet.sent.get(0));
        assertTrue(proceed.payload() != null && proceed.payload().is("urn:xmpp:tmp:xtls", "proceed"));
        List<Iq.Request> data = world.romeo.requests("data");
        assertEquals(Optional.of("x509"), data.get(0).payload().attribute("method"));
        assertTrue(data.stream()
                .skip(1)
                .allMatch(iq -> iq.payload().attribute("method").isEmpty()));
        assertTrue(world.juliet.requests("data").stream()
                .allMatch(iq -> iq.payload().attribute("method").isEmpty()));
        assertEquals("initiator", world.romeo.conversation.status().role());
        assertEquals("responder", world.juliet.conversation.status().role());
    }

    @Test
    void a_peer_that_speaks_no_xtls_is_said_to_speak_none() {
        World world = new World();
        world.server = (from, iq) -> {
            from.inbox.add(World.error(iq.id(), from.other, Condition.SERVICE_UNAVAILABLE));
            return List.of();
        };
        world.romeo.open();
        world.settle();
        assertEquals(Code.NOT_SUPPORTED, world.romeo.failure().code());
        assertTrue(world.romeo.conversation.isIdle());
        assertEquals(1, world.romeo.sent.size(), "there is nothing to close");
    }

    @Test
    void a_side_without_an_engine_answers_that_it_speaks_no_xtls() {
        World world = new World();
        world.juliet.engine = null;
        world.romeo.open();
        world.settle();
        assertCondition(Condition.SERVICE_UNAVAILABLE, world.juliet.sent.get(0));
        assertEquals(Code.NOT_SUPPORTED, world.romeo.failure().code());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void a_peer_without_a_method_in_common_refuses_and_both_sides_learn_what_was_offered() {
        World world = new World();
        world.juliet.likes = thing -> false;
        world.romeo.open();
        world.settle();
        assertCondition(Condition.NOT_ACCEPTABLE, world.juliet.sent.get(0));
        assertEquals(Code.REFUSED, world.romeo.failure().code());
        assertTrue(world.romeo.failure().text().contains("keyinfo abababab"));
        assertEquals(Code.NO_COMMON_METHOD, world.juliet.failure().code());
        assertTrue(world.juliet.failure().text().contains("keyinfo abababab"));
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void a_known_peer_that_offers_another_key_is_told_of_where_nothing_else_is_left() {
        KeyName offered = new KeyName("x509", "ef".repeat(32));
        World world = new World();
        world.juliet.likes = thing -> false;
        world.juliet.strangers = List.of(offered);
        world.juliet.known = new KnownPeer(
                World.ROMEO.bare(),
                List.of(new KnownKey(Keys.NAME, KeyState.VERIFIED, Instant.EPOCH, "compared")),
                false,
                Set.of());
        world.romeo.open();
        world.settle();
        assertCondition(Condition.NOT_ACCEPTABLE, world.juliet.sent.get(0));
        Failure failure = world.juliet.failure();
        assertEquals(Code.KEY_CHANGED, failure.code());
        assertEquals(Fault.BETWEEN, failure.fault());
        assertTrue(
                failure.message().contains("offers the x509 key " + offered.grouped() + ", which it has not proved"));
        assertTrue(failure.message().contains("another key is trusted for this peer (" + Keys.NAME.grouped() + ")"));
        assertEquals(List.of(), world.juliet.keyChanges, "nothing has been proved");

        world.juliet.known = KnownPeer.stranger(World.ROMEO.bare());
        world.romeo.open();
        world.settle();
        assertEquals(Code.NO_COMMON_METHOD, world.juliet.failure().code(), "nobody knows that peer");
    }

    @Test
    void a_key_that_nobody_knows_is_no_matter_where_another_method_goes_on() {
        World world = new World();
        world.juliet.strangers = List.of(new KeyName("openpgp", "ef".repeat(20)));
        world.romeo.open();
        world.settle();
        assertTrue(world.juliet.isUp());
    }

    @Test
    void an_initiator_that_finds_nothing_in_the_answer_closes_at_once_and_lists_both_sides() {
        World world = new World();
        world.juliet.methods = Map.of("x509", List.of(World.keyinfo("cd".repeat(32))));
        world.romeo.likes = thing -> false;
        world.romeo.open();
        world.settle();
        assertEquals(Code.NO_COMMON_METHOD, world.romeo.failure().code());
        assertTrue(world.romeo.failure().message().contains("keyinfo abababab"));
        assertTrue(world.romeo.failure().message().contains("keyinfo cdcdcdcd"));
        assertEquals(List.of(), world.romeo.requests("data"));
        assertEquals(1, world.romeo.requests("close").size());
        assertTrue(world.juliet.conversation.isIdle());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void a_side_with_nothing_to_offer_says_so_and_sends_nothing() {
        World world = new World();
        world.romeo.methods = Map.of();
        world.romeo.open();
        world.settle();
        assertEquals(Code.NO_COMMON_METHOD, world.romeo.failure().code());
        assertEquals(List.of(), world.romeo.sent);
    }

    @Test
    void the_initiators_order_of_preference_decides_among_those_that_both_hold() {
        World world = new World();
        world.romeo.methods = methods("alpha", "beta", "gamma");
        world.juliet.methods = methods("gamma", "beta");
        // Juliet can answer with beta and gamma only; Romeo's alpha has nothing in her answer.
        world.juliet.likes = thing -> thing.name().equals("beta");
        world.romeo.likes = thing -> thing.name().equals("beta");
        world.server = (from, iq) -> {
            if (iq instanceof Iq.Result result
                    && result.payload() != null
                    && result.payload().name().equals("proceed")) {
                world.romeo.methods = methods("beta", "gamma");
            }
            return List.of(iq);
        };
        world.romeo.open();
        world.settle();
        assertEquals("beta", world.romeo.opened.get(0).method());
        assertEquals("beta", world.juliet.opened.get(0).method());
    }

    @Test
    void a_method_by_which_the_peer_can_be_verified_goes_before_one_that_is_preferred() {
        World bound = new World();
        bound.romeo.methods = methods("alpha", "beta");
        bound.juliet.methods = methods("alpha", "beta");
        bound.romeo.likes = thing -> true;
        bound.juliet.likes = thing -> true;
        bound.romeo.holds = Map.of("beta", "a password");
        // What she holds is for her to see to when she begins.
        bound.juliet.holds = Map.of("alpha", "a certificate");
        bound.romeo.open();
        bound.settle();
        assertEquals("beta", bound.romeo.opened.get(0).method());

        World pinned = new World();
        pinned.romeo.methods = methods("alpha", "x509");
        pinned.juliet.methods = methods("alpha", "x509");
        pinned.romeo.known = new KnownPeer(
                World.JULIET.bare(),
                List.of(new KnownKey(Keys.NAME, KeyState.VERIFIED, Instant.EPOCH, "pinned")),
                false,
                Set.of());
        pinned.romeo.open();
        pinned.settle();
        assertEquals("x509", pinned.romeo.opened.get(0).method());
    }

    @Test
    void children_that_nobody_knows_are_ignored() {
        World world = new World();
        world.romeo.methods =
                Map.of("x509", List.of(World.keyinfo("ab".repeat(32)), Element.of("urn:example:future", "thing")));
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    @Test
    void a_start_without_an_offer_means_x509() {
        World world = new World();
        world.romeo.methods = methods("beta", "x509");
        RawPeer.asInitiator(world);
        assertTrue(world.romeo.isUp(), world.romeo.failures.toString());
        Iq.Result proceed = assertInstanceOf(Iq.Result.class, world.romeo.sent.get(0));
        assertTrue(proceed.payload() != null
                && proceed.payload().child(Offer.NAMESPACE, "offer").isEmpty());
    }

    @Test
    void a_start_without_an_offer_gets_no_other_method() {
        World world = new World();
        world.romeo.methods = methods("beta", "x509");
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.start("beta");
        peer.settle();
        assertCondition(Condition.NOT_ACCEPTABLE, world.romeo.sent.get(1));
        assertEquals(Code.NO_COMMON_METHOD, world.romeo.failure().code());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void a_start_without_an_offer_is_refused_by_a_side_that_has_no_x509() {
        World world = new World();
        world.romeo.methods = methods("beta");
        assertCondition(Condition.NOT_ACCEPTABLE, world.romeo.asked(true, START));
    }

    @Test
    void a_proceed_without_an_offer_means_x509() {
        World world = new World();
        world.romeo.methods = methods("beta", "x509");
        RawPeer.asResponder(world);
        assertEquals("x509", world.romeo.opened.get(0).method());
    }

    @Test
    void a_proceed_without_an_offer_is_nothing_to_a_side_that_has_no_x509() {
        World world = new World();
        world.romeo.methods = methods("beta");
        RawPeer.asResponder(world);
        assertEquals(Code.NO_COMMON_METHOD, world.romeo.failure().code());
        assertTrue(world.romeo.failure().message().contains("no offer"));
        assertEquals(1, world.romeo.requests("close").size());
    }

    @Test
    void an_offer_over_its_bound_is_a_bad_request() {
        World world = new World();
        Element offer = Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("a".repeat(Offer.MAX_BYTES)));
        assertCondition(Condition.BAD_REQUEST, world.romeo.asked(true, START.with(offer)));
        assertTrue(world.romeo.conversation.isIdle());
        assertEquals(0, world.romeo.taken);
    }

    @Test
    void an_offer_that_mixes_text_and_elements_is_a_bad_request() {
        World world = new World();
        Element offer = Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("ab"), new Text("and more"));
        assertCondition(Condition.BAD_REQUEST, world.romeo.asked(true, START.with(offer)));
    }

    @Test
    void an_unsound_offer_in_the_answer_ends_the_negotiation() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.proceed =
                peer.proceed.with(Element.of(Offer.NAMESPACE, "offer").with(World.keyinfo("ab"), new Text("and more")));
        world.romeo.open();
        peer.settle();
        assertEquals(Code.PROTOCOL, world.romeo.failure().code());
        assertEquals(1, world.romeo.requests("close").size());
    }

    @Test
    void an_answer_that_is_no_proceed_ends_the_negotiation() {
        World world = new World();
        RawPeer peer = new RawPeer(world, world.romeo, Keys.JULIET);
        peer.proceed = Element.of("urn:xmpp:tmp:xtls", "closed");
        world.romeo.open();
        peer.settle();
        assertEquals(Code.PROTOCOL, world.romeo.failure().code());
    }

    @Test
    void the_first_data_has_to_name_a_method() {
        World world = proceeded();
        assertCondition(Condition.NOT_ACCEPTABLE, world.juliet.asked(true, data("AAAA")));
        assertEquals(Code.NO_COMMON_METHOD, world.juliet.failure().code());
        assertTrue(world.juliet.conversation.isIdle());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void the_method_named_has_to_be_one_that_was_answered() {
        World world = proceeded();
        assertCondition(
                Condition.NOT_ACCEPTABLE, world.juliet.asked(true, data("AAAA").with("method", "openpgp")));
        assertEquals(Code.NO_COMMON_METHOD, world.juliet.failure().code());
        assertTrue(world.juliet.conversation.isIdle());
    }

    @Test
    void data_and_close_for_no_tunnel_find_nothing() {
        World world = new World();
        assertCondition(Condition.ITEM_NOT_FOUND, world.romeo.asked(true, data("AAAA")));
        assertCondition(Condition.ITEM_NOT_FOUND, world.romeo.asked(true, Element.of("urn:xmpp:tmp:xtls", "close")));
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void data_before_the_answer_to_the_start_finds_nothing_and_does_no_harm() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Answers;
        world.romeo.open();
        world.settle();
        assertCondition(
                Condition.ITEM_NOT_FOUND, world.juliet.asked(true, data("AAAA").with("method", "x509")));
        world.juliet.pondering = question -> false;
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    @Test
    void data_before_the_initiators_own_finds_nothing() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        assertCondition(Condition.ITEM_NOT_FOUND, world.romeo.asked(true, data("AAAA")));
        world.romeo.pondering = question -> false;
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
    }

    @Test
    void a_request_of_another_kind_is_answered_as_not_known() {
        World world = new World();
        assertCondition(
                Condition.SERVICE_UNAVAILABLE, world.romeo.asked(true, Element.of("urn:xmpp:tmp:xtls", "something")));
        assertCondition(Condition.SERVICE_UNAVAILABLE, world.romeo.asked(false, START));
    }

    @Test
    void a_mirrored_start_makes_no_tunnel_with_oneself() {
        World world = new World();
        World.Side alone = world.new Side(World.ROMEO, World.ROMEO);
        List<Action> actions = alone.conversation.received(new Iq.Request(World.ROMEO, "m", true, START), world.now);
        assertEquals(1, actions.size());
        assertCondition(Condition.NOT_ACCEPTABLE, ((Action.Send) actions.get(0)).iq());
        assertTrue(alone.conversation.isIdle());
    }

    @Test
    void too_many_half_open_tunnels_are_refused_until_one_ends() {
        World world = new World();
        world.juliet.places = 0;
        world.romeo.open();
        world.settle();
        Iq.Error error = assertCondition(Condition.RESOURCE_CONSTRAINT, world.juliet.sent.get(0));
        assertEquals("wait", error.error().condition().type());
        assertEquals(Code.BUSY, world.romeo.failure().code());

        world.juliet.places = 1;
        world.romeo.open();
        world.settle();
        assertTrue(world.romeo.isUp());
        assertEquals(0, world.juliet.taken, "a tunnel that is up is not half-open any more");
    }

    @Test
    void a_start_given_up_gives_its_place_back() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Answers;
        world.romeo.open();
        world.settle();
        assertEquals(1, world.juliet.taken);
        assertInstanceOf(Iq.Result.class, world.juliet.asked(true, Element.of("urn:xmpp:tmp:xtls", "close")));
        assertEquals(0, world.juliet.taken);
        assertTrue(world.juliet.conversation.isIdle());
    }

    @Test
    void a_start_that_takes_an_earlier_ones_place_takes_no_second_one() {
        World world = new World();
        world.juliet.places = 1;
        world.juliet.pondering = question -> question instanceof Question.Answers;
        assertNull(world.juliet.asked(true, START));
        assertNull(world.juliet.asked(true, START));
        assertCondition(Condition.NOT_ACCEPTABLE, world.juliet.answerTo("in0"));
        assertEquals(1, world.juliet.taken);
        world.juliet.pondering = question -> false;
        world.settle();
        assertInstanceOf(Iq.Result.class, world.juliet.answerTo("in1"));
    }

    @Test
    void starts_that_come_faster_than_they_are_answered_are_refused_and_the_last_one_taken_goes_on() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Answers;
        for (int i = 0; i < 4; i++) {
            assertNull(world.juliet.asked(true, START));
        }
        for (int i = 0; i < 10; i++) {
            assertCondition(Condition.RESOURCE_CONSTRAINT, world.juliet.asked(true, START));
        }
        world.juliet.pondering = question -> false;
        world.settle();
        assertInstanceOf(Iq.Result.class, world.juliet.answerTo("in3"));
        // One that has been answered may be superseded again.
        assertInstanceOf(Iq.Result.class, world.juliet.asked(true, START));
    }

    @Test
    void a_local_open_joins_a_negotiation_under_way() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Answers;
        world.romeo.open();
        world.settle();
        world.juliet.open();
        world.juliet.pondering = question -> false;
        world.settle();
        assertTrue(world.romeo.isUp() && world.juliet.isUp());
        assertEquals(List.of(), world.juliet.requests("start"));
        assertEquals(1, world.juliet.opened.size());
    }

    @Test
    void a_credential_that_fails_lets_the_initiator_take_the_next_common_method() {
        World world = new World();
        world.romeo.methods = methods("alpha", "beta");
        world.juliet.methods = methods("alpha", "beta");
        world.romeo.likes = thing -> true;
        world.juliet.likes = thing -> true;
        world.romeo.pondering = question -> question.equals(new Question.Present("alpha"));
        world.romeo.open();
        world.settle();
        Action.Ask ask = world.romeo.asked.remove(0);
        world.romeo.perform(world.romeo.conversation.answered(ask.step(), failed("the key is locked"), world.now));
        world.settle();
        assertEquals("beta", world.romeo.opened.get(0).method());
        assertEquals("beta", world.juliet.opened.get(0).method());
    }

    @Test
    void when_no_credential_is_left_the_user_learns_why_each_failed_and_the_peer_that_it_is_over() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        Action.Ask ask = world.romeo.asked.remove(0);
        world.romeo.perform(world.romeo.conversation.answered(ask.step(), failed("the key is locked"), world.now));
        world.settle();
        assertEquals(Code.LOCAL, world.romeo.failure().code());
        assertTrue(world.romeo.failure().message().contains("x509: the key is locked"));
        assertTrue(world.juliet.conversation.isIdle());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void a_responder_without_a_credential_closes_and_answers_what_it_was_sent() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        Action.Ask ask = world.juliet.asked.remove(0);
        world.juliet.perform(world.juliet.conversation.answered(ask.step(), failed("the key is locked"), world.now));
        world.settle();
        assertEquals(Code.LOCAL, world.juliet.failure().code());
        assertEquals(Code.CLOSED_BY_PEER, world.romeo.failure().code());
        assertTrue(world.juliet.unansweredIn.isEmpty());
    }

    @Test
    void an_engine_that_goes_before_the_handshake_ends_the_negotiation_with_that_reason() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        world.romeo.engine = null;
        world.romeo.pondering = question -> false;
        world.settle();
        assertEquals(Code.SERVICE_GONE, world.romeo.failure().code());
        assertTrue(world.juliet.conversation.isIdle());
    }

    @Test
    void data_that_comes_while_the_responders_credential_is_fetched_waits_within_a_bound() {
        World world = new World();
        world.juliet.pondering = question -> question instanceof Question.Present;
        world.romeo.open();
        world.settle();
        for (int i = 1; i < world.juliet.settings.window(); i++) {
            assertInstanceOf(
                    Iq.Result.class,
                    world.juliet.asked(true, data("AAAA")),
                    "a prompt here is no reason to let data there time out");
        }
        assertCondition(Condition.POLICY_VIOLATION, world.juliet.asked(true, data("AAAA")));
        assertEquals(Code.LIMIT, world.juliet.failure().code());
        assertTrue(world.juliet.unansweredIn.isEmpty());
        assertEquals(0, world.juliet.taken);
    }

    @Test
    void an_answer_to_a_question_that_is_not_open_any_more_is_left_unread() {
        World world = new World();
        world.romeo.pondering = question -> question instanceof Question.Offers;
        world.romeo.open();
        Action.Ask late = world.romeo.asked.get(0);
        world.pass(world.romeo.settings.negotiationMillis());
        assertEquals(Code.TIMEOUT, world.romeo.failure().code());
        int sent = world.romeo.sent.size();
        Question.Offered offered = new Question.Offered(
                List.of(new Question.Things("x509", List.of(World.keyinfo("ab".repeat(32))))),
                List.of(),
                world.romeo.known);
        world.romeo.perform(world.romeo.conversation.answered(late.step(), offered, world.now));
        assertEquals(sent, world.romeo.sent.size());
        assertTrue(world.romeo.conversation.isIdle());
    }

    @Test
    void credentials_of_different_kinds_end_in_an_alert_and_a_close() {
        World world = new World();
        world.romeo.credential = Keys::psk;
        world.romeo.open();
        world.settle();
        assertEquals(Code.TLS, world.romeo.failure().code());
        assertEquals(Code.TLS, world.juliet.failure().code());
        World.Side alerter = world.romeo.requests("close").isEmpty() ? world.juliet : world.romeo;
        List<Iq.Request> requests = new ArrayList<>(alerter.requests("data"));
        requests.addAll(alerter.requests("close"));
        assertEquals(1, alerter.requests("close").size());
        assertTrue(alerter.sent.indexOf(requests.get(requests.size() - 2))
                < alerter.sent.indexOf(requests.get(requests.size() - 1)));
        assertTrue(world.romeo.conversation.isIdle() && world.juliet.conversation.isIdle());
    }

    private static World proceeded() {
        World world = new World();
        world.server = (from, iq) -> from.me.equals(World.ROMEO)
                        && iq instanceof Iq.Request request
                        && request.payload().name().equals("data")
                ? List.of()
                : List.of(iq);
        world.romeo.open();
        world.settle();
        assertFalse(world.juliet.conversation.isIdle());
        return world;
    }

    private static Map<String, List<Element>> methods(String... names) {
        Map<String, List<Element>> methods = new LinkedHashMap<>();
        for (String name : names) {
            methods.put(
                    name,
                    List.of(name.equals("x509") ? World.keyinfo("ab".repeat(32)) : Element.of("urn:example", name)));
        }
        return methods;
    }

    private static Question.Failed failed(String why) {
        return new Question.Failed(org.xtls.Failure.of(Code.LOCAL, org.xtls.Failure.Fault.LOCAL, why));
    }

    static Element data(String base64) {
        return Element.of("urn:xmpp:tmp:xtls", "data").withText(base64);
    }

    static Iq.Error assertCondition(Condition condition, @Nullable Iq answer) {
        Iq.Error error = assertInstanceOf(Iq.Error.class, answer);
        assertEquals(condition, error.error().condition());
        return error;
    }
}
