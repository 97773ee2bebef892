package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tunnel.service.Container.failure;
import static org.xtls.tunnel.service.Container.get;
import static org.xtls.tunnel.service.Container.next;
import static org.xtls.tunnel.service.ScriptedMethod.done;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.ServiceReference;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.auth.Answer;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Offer;
import org.xtls.auth.x509.Identities;
import org.xtls.auth.x509.X509Method;
import org.xtls.runtime.CountsDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.transport.Iq;
import org.xtls.transport.LinkListener;
import org.xtls.transport.StanzaError;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustQuestion;
import org.xtls.trust.TrustStore;
import org.xtls.trust.file.FileTrustStore;
import org.xtls.xml.Element;

/** Two services and a link between them: real threads, real time, real TLS. */
class TunnelServiceTest {
    private final Server server = new Server();
    private final Container romeo = new Container(server, "romeo@montague.net/orchard", Map.of());
    private final Container juliet = new Container(server, "juliet@capulet.com/balcony", Map.of());

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        romeo.close();
        juliet.close();
        server.close();
        for (Thread thread : threads()) {
            thread.join(10_000);
            assertFalse(thread.isAlive(), thread + " is left");
        }
    }

    // ---- for applications

    @Test
    void a_stanza_goes_through_and_is_acknowledged_by_the_peer() {
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(Acknowledgement.PEER, get(tunnel.send(Stanza.chat("wherefore"))));
        Stanza stanza = next(juliet.heard.received);
        assertEquals("wherefore", stanza.body().orElseThrow());
        assertEquals(romeo.me.toString(), stanza.element().attribute("from").orElseThrow());
        Tunnel back = next(juliet.heard.opened);
        assertEquals(Acknowledgement.PEER, get(back.send(Stanza.chat("therefore"))));
        assertEquals("therefore", next(romeo.heard.received).body().orElseThrow());
        assertTrue(tunnel.security().offersConfirmed());
        assertEquals(Trust.VERIFIED, tunnel.security().trust());
    }

    @Test
    void both_sides_learn_of_a_close() {
        Tunnel tunnel = romeo.open(juliet);
        Closure ours = get(tunnel.close());
        assertTrue(ours.orderly());
        assertEquals(Code.CLOSED, ours.failure().code());
        Closure theirs = next(juliet.heard.closed);
        assertEquals(Code.CLOSED_BY_PEER, theirs.failure().code());
        assertEquals(ours, next(romeo.heard.closed));
        assertEquals(ours, get(tunnel.close()), "twice is once");
        assertEquals(Code.CLOSED, failure(tunnel.send(Stanza.chat("too late"))).code());
        assertEquals(Code.CLOSED, failure(tunnel.renew()).code());
        assertEquals(List.of(), romeo.service.tunnels());
    }

    @Test
    void an_open_tunnel_is_handed_out_again_and_waits_are_shared() {
        CompletionStage<Tunnel> first = romeo.service.open(juliet.me);
        CompletionStage<Tunnel> second = romeo.service.open(romeo.me, juliet.me);
        CompletionStage<Tunnel> theirs = juliet.service.open(romeo.me);
        assertSame(get(first), get(second));
        assertSame(get(first), romeo.open(juliet));
        assertSame(get(theirs), juliet.open(romeo));
        assertEquals(List.of(get(first)), romeo.service.tunnels());
        assertSame(get(first), romeo.service.tunnel(romeo.me, juliet.me).orElseThrow());
        assertTrue(romeo.service.tunnel(juliet.me, romeo.me).isEmpty());
        assertEquals(1, romeo.heard.opened.size());
    }

    @Test
    void whoever_stops_waiting_does_not_stop_the_others() {
        CompletionStage<Tunnel> first = romeo.service.open(juliet.me);
        CompletionStage<Tunnel> second = romeo.service.open(juliet.me);
        first.toCompletableFuture().cancel(true);
        assertEquals(juliet.me, get(second).peer());
    }

    @Test
    void a_renewed_tunnel_takes_over_in_the_midst_of_a_stream_of_stanzas() {
        Tunnel old = romeo.open(juliet);
        CompletionStage<Tunnel> renewed = old.renew();
        Tunnel fresh = get(renewed);
        assertNotSame(old, fresh);
        assertEquals(Code.REPLACED, get(old.closed()).failure().code());
        assertEquals(Acknowledgement.PEER, get(fresh.send(Stanza.chat("hi"))));
        assertEquals(Code.CLOSED, failure(old.send(Stanza.chat("hi"))).code());
    }

    @Test
    void an_old_handle_does_no_harm_to_a_later_tunnel() {
        Tunnel old = romeo.open(juliet);
        get(old.close());
        next(juliet.heard.closed);
        Tunnel fresh = romeo.open(juliet);
        assertEquals(Code.CLOSED, failure(old.send(Stanza.chat("hi"))).code());
        assertEquals(Code.CLOSED, failure(old.renew()).code());
        assertEquals(List.of(fresh), romeo.service.tunnels());
        assertEquals(Acknowledgement.PEER, get(fresh.send(Stanza.chat("still here"))));
        assertSame(fresh, romeo.open(juliet));
    }

    @Test
    void an_iq_request_that_nobody_takes_is_answered_inside_the_tunnel() {
        juliet.heard.takes = false;
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.parse("<iq type='get' id='q1'><query xmlns='jabber:iq:version'/></iq>")));
        Stanza answer = next(romeo.heard.received);
        assertEquals("error", answer.element().attribute("type").orElseThrow());
        assertEquals("q1", answer.element().attribute("id").orElseThrow());
        assertTrue(answer.toXml().contains("service-unavailable"));
        // A message is not answered, nor is the answer to a request.
        get(tunnel.send(Stanza.chat("hi")));
        get(tunnel.send(Stanza.parse("<iq type='result' id='q2'/>")));
        get(next(juliet.heard.opened).send(Stanza.chat("the next thing Romeo hears")));
        assertEquals(
                "the next thing Romeo hears", next(romeo.heard.received).body().orElseThrow());
    }

    @Test
    void what_a_listener_throws_changes_nothing() {
        juliet.listen(
                new TunnelListener() {
                    @Override
                    public void opened(Tunnel tunnel) {
                        throw new IllegalStateException("a listener's own affair");
                    }

                    @Override
                    public boolean received(Tunnel tunnel, Stanza stanza) {
                        throw new NoClassDefFoundError("a listener's bundle was refreshed");
                    }
                },
                0);
        CountDownLatch after = new CountDownLatch(1);
        juliet.listen(
                new TunnelListener() {
                    @Override
                    public boolean received(Tunnel tunnel, Stanza stanza) {
                        after.countDown();
                        return true;
                    }
                },
                0);
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(Acknowledgement.PEER, get(tunnel.send(Stanza.chat("hi"))));
        next(juliet.heard.received);
        assertTrue(await(after));
    }

    @Test
    void a_listener_may_send_and_close_from_its_call() {
        juliet.listen(
                new TunnelListener() {
                    @Override
                    public boolean received(Tunnel tunnel, Stanza stanza) {
                        var unused =
                                tunnel.send(Stanza.chat("echo " + stanza.body().orElse("")));
                        return true;
                    }
                },
                0);
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.chat("hi")));
        assertEquals("echo hi", next(romeo.heard.received).body().orElseThrow());
    }

    @Test
    void a_thousand_stanzas_each_way_arrive_in_order() {
        Tunnel there = romeo.open(juliet);
        Tunnel back = next(juliet.heard.opened);
        List<CompletionStage<Acknowledgement>> sends = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            sends.add(there.send(Stanza.chat("n" + i)));
            sends.add(back.send(Stanza.chat("n" + i)));
        }
        sends.forEach(send -> assertEquals(Acknowledgement.PEER, get(send)));
        for (int i = 0; i < 1_000; i++) {
            assertEquals("n" + i, next(juliet.heard.received).body().orElseThrow());
            assertEquals("n" + i, next(romeo.heard.received).body().orElseThrow());
        }
    }

    // ---- what is missing

    @Test
    void an_open_that_lacks_something_says_what() {
        assertEquals(Code.LOCAL, failure(romeo.service.open(romeo.me)).code());
        FullJid stranger = FullJid.parse("tybalt@capulet.com/street");
        assertEquals(
                Code.LINK_LOST, failure(romeo.service.open(stranger, juliet.me)).code());
        assertEquals(Code.NOT_SUPPORTED, failure(romeo.service.open(stranger)).code());

        romeo.unbindEngine(romeo.engine);
        romeo.unbindTrust(romeo.trust);
        romeo.service.unbindMethod(romeo.provider.reference);
        Failure missing = failure(romeo.service.open(juliet.me));
        assertEquals(Code.SERVICE_GONE, missing.code());
        assertTrue(missing.message().contains("TLS engine")
                && missing.message().contains("trust store")
                && missing.message().contains("authentication method"));
        assertEquals(3, romeo.service.runtime().missing.size());

        romeo.service.unbindLink(romeo.link);
        assertEquals(Code.LINK_LOST, failure(romeo.service.open(juliet.me)).code());
    }

    @Test
    void with_two_links_it_has_to_be_said_which() {
        Server.ServedLink other = server.link(FullJid.parse("romeo@montague.net/street"));
        romeo.service.bindLink(other);
        assertEquals(Code.LINK_LOST, failure(romeo.service.open(juliet.me)).code());
        assertEquals(
                other.local(), get(romeo.service.open(other.local(), juliet.me)).local());
        romeo.service.unbindLink(other);
    }

    @Test
    void a_responder_without_a_trust_store_refuses() {
        juliet.unbindTrust(juliet.trust);
        assertEquals(Code.REFUSED, failure(romeo.service.open(juliet.me)).code());
        assertEquals(Code.SERVICE_GONE, next(juliet.heard.failed).code());
    }

    // ---- what comes and goes

    @Test
    void when_the_engine_goes_tunnels_end_with_that_reason_and_work_again_when_it_is_back() {
        goesAndComesBack(() -> romeo.unbindEngine(romeo.engine), () -> romeo.bindEngine(romeo.engine), "TLS engine");
    }

    @Test
    void when_the_trust_store_goes_tunnels_end_with_that_reason_and_work_again_when_it_is_back() {
        goesAndComesBack(() -> romeo.unbindTrust(romeo.trust), () -> romeo.bindTrust(romeo.trust), "trust store");
    }

    @Test
    void a_better_trust_store_takes_over_and_no_tunnel_notices() {
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.chat("by now the old store has been told what the tunnel showed")));
        MemoryTrust better = new MemoryTrust();
        romeo.bindTrust(better);
        romeo.unbindTrust(romeo.trust);
        assertEquals(Acknowledgement.PEER, get(tunnel.send(Stanza.chat("still here"))));
        get(tunnel.close());
        next(juliet.heard.closed);
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        romeo.open(juliet);
        assertEquals(1, better.of(juliet.me.bare()).keys().size());
        assertEquals(0, romeo.trust.of(juliet.me.bare()).keys().size());
        romeo.unbindTrust(better);
    }

    @Test
    void a_better_engine_ends_tunnels_as_replaced_and_serves_at_once() {
        Tunnel tunnel = romeo.open(juliet);
        TlsEngine better = new BcTlsEngine();
        romeo.bindEngine(better);
        romeo.unbindEngine(romeo.engine);
        Failure reason = get(tunnel.closed()).failure();
        assertEquals(Code.SERVICE_GONE, reason.code());
        assertEquals("the TLS engine was replaced", reason.message());
        assertTrue(next(juliet.heard.closed).orderly());
        assertEquals(Acknowledgement.PEER, get(romeo.open(juliet).send(Stanza.chat("again"))));
        romeo.unbindEngine(better);
    }

    @Test
    void an_object_registered_twice_is_there_until_its_second_registration_goes() {
        ServiceReference<TlsEngine> engine = Container.anotherReference();
        ServiceReference<TrustStore> trust = Container.anotherReference();
        romeo.service.bindEngine(engine, romeo.engine);
        romeo.service.bindTrust(trust, romeo.trust);
        romeo.unbindEngine(romeo.engine);
        romeo.unbindTrust(romeo.trust);
        assertEquals(List.of(), romeo.service.runtime().missing);
        romeo.open(juliet);
        romeo.service.unbindEngine(engine);
        romeo.service.unbindTrust(trust);
        assertEquals(List.of("TLS engine", "trust store"), romeo.service.runtime().missing);
    }

    private void goesAndComesBack(Runnable goes, Runnable comesBack, String what) {
        Tunnel tunnel = romeo.open(juliet);
        server.swallows = iq -> iq.peer().equals(romeo.me);
        CompletionStage<Acknowledgement> pending = tunnel.send(Stanza.chat("unacknowledged"));
        goes.run();
        server.swallows = iq -> false;
        Failure reason = failure(pending);
        assertEquals(Code.SERVICE_GONE, reason.code());
        assertTrue(reason.message().contains(what));
        assertEquals(reason, get(tunnel.closed()).failure());
        assertTrue(next(juliet.heard.closed).orderly(), "the peer had its goodbye");
        assertEquals(Code.SERVICE_GONE, failure(romeo.service.open(juliet.me)).code());
        comesBack.run();
        assertEquals(Acknowledgement.PEER, get(romeo.open(juliet).send(Stanza.chat("again"))));
    }

    @Test
    void when_a_link_goes_its_tunnels_end_and_a_new_link_serves() {
        Tunnel tunnel = romeo.open(juliet);
        assertTrue(romeo.link.watched.contains(juliet.me));
        romeo.service.unbindLink(romeo.link);
        assertEquals(Code.LINK_LOST, get(tunnel.closed()).failure().code());
        assertTrue(next(juliet.heard.closed).orderly());
        assertFalse(romeo.link.watched.contains(juliet.me));
        romeo.service.bindLink(romeo.link);
        romeo.open(juliet);
    }

    @Test
    void a_lost_link_fails_every_pending_send() {
        Tunnel tunnel = romeo.open(juliet);
        server.swallows = iq -> true;
        List<CompletionStage<Acknowledgement>> sends = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            sends.add(tunnel.send(Stanza.chat("n" + i)));
        }
        romeo.link.lose();
        sends.forEach(send -> assertEquals(Code.LINK_LOST, failure(send).code()));
        assertEquals(Code.LINK_LOST, get(tunnel.closed()).failure().code());
    }

    @Test
    void a_link_that_fails_to_send_is_lost_to_the_tunnel_and_no_send_is_forgotten() {
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.chat("so far so good")));
        romeo.link.breaks = iq -> iq instanceof Iq.Request;
        List<CompletionStage<Acknowledgement>> sends = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            sends.add(tunnel.send(Stanza.chat("n" + i)));
        }
        assertEquals(Code.LINK_LOST, failure(sends.get(0)).code());
        for (CompletionStage<Acknowledgement> send : sends) {
            Code code = failure(send).code();
            assertTrue(code == Code.LINK_LOST || code == Code.CLOSED, "before or after the loss: " + code);
        }
        assertEquals(Code.LINK_LOST, get(tunnel.closed()).failure().code());
        assertEquals(Code.LINK_LOST, failure(romeo.service.open(juliet.me)).code());
        romeo.link.breaks = iq -> false;
        assertEquals(Acknowledgement.PEER, get(romeo.open(juliet).send(Stanza.chat("again"))));
    }

    @Test
    void a_link_that_fails_to_watch_holds_up_nobody() {
        romeo.link.watchesNobody = true;
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(Acknowledgement.PEER, get(tunnel.send(Stanza.chat("hi"))));
        assertEquals(Code.CLOSED, get(tunnel.close()).failure().code());
        assertEquals(Code.CLOSED, next(romeo.heard.closed).failure().code());
    }

    @Test
    void a_store_that_throws_when_it_is_to_remember_ends_nothing() {
        romeo.trust.remembers = false;
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(Acknowledgement.PEER, get(tunnel.send(Stanza.chat("hi"))));
        assertFalse(romeo.trust.of(juliet.me.bare()).confirms());
    }

    @Test
    void what_fails_keeps_nothing_else_from_being_done() {
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.chat("so far so good")));
        LinkedBlockingQueue<Iq> starts = new LinkedBlockingQueue<>();
        server.swallows = iq -> {
            if (iq instanceof Iq.Request request && request.payload().name().equals("start")) {
                starts.add(iq);
            }
            return true;
        };
        CompletionStage<Tunnel> renewed = tunnel.renew();
        next(starts);
        Runnable fails = () -> {
            throw new IllegalStateException("broken");
        };
        romeo.service.observe(fails);
        romeo.link.lose();
        assertEquals(Code.LINK_LOST, failure(renewed).code());
        assertEquals(Code.LINK_LOST, get(tunnel.closed()).failure().code());
        assertEquals(Code.LINK_LOST, next(romeo.heard.closed).failure().code());
        romeo.service.ignore(fails);
    }

    @Test
    void whoever_takes_a_link_away_waits_for_the_goodbye_whatever_its_thread_is_called() throws InterruptedException {
        Tunnel tunnel = romeo.open(juliet);
        LinkedBlockingQueue<Boolean> closed = new LinkedBlockingQueue<>();
        Thread stranger = new Thread(
                () -> {
                    romeo.service.unbindLink(romeo.link);
                    closed.add(tunnel.closed().toCompletableFuture().isDone());
                },
                "xtls-tunnel-99");
        stranger.start();
        assertTrue(next(closed));
        stranger.join();
    }

    @Test
    void a_peer_that_goes_offline_ends_its_tunnel() {
        Tunnel tunnel = romeo.open(juliet);
        var listener = romeo.link.listener;
        assertTrue(listener != null);
        listener.unavailable(FullJid.parse("juliet@capulet.com/elsewhere"));
        listener.unavailable(juliet.me);
        assertEquals(Code.PEER_GONE, get(tunnel.closed()).failure().code());
    }

    @Test
    void a_stopped_service_fails_what_is_asked_of_it_and_leaves_nothing_registered() {
        Tunnel tunnel = romeo.open(juliet);
        romeo.close();
        assertEquals(Code.SERVICE_GONE, get(tunnel.closed()).failure().code());
        assertFalse(romeo.registered);
        assertEquals(Code.SERVICE_GONE, failure(tunnel.send(Stanza.chat("hi"))).code());
        assertEquals(Code.SERVICE_GONE, failure(tunnel.renew()).code());
        assertTrue(next(juliet.heard.closed).orderly());
    }

    @Test
    void a_method_that_goes_while_it_is_asked_is_left_out_and_another_serves() {
        ScriptedMethod better = new ScriptedMethod("better");
        LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
        better.offer = negotiation -> pending(asked);
        Provider provider = new Provider(2, "better", 200, better);
        romeo.service.bindMethod(provider.reference, provider.objects);
        CompletionStage<Tunnel> opening = romeo.service.open(juliet.me);
        CompletableFuture<?> stage = next(asked);
        romeo.service.unbindMethod(provider.reference);
        assertEquals("test", get(opening).security().method());
        assertTrue(stage.isCancelled());
        assertEquals(1, provider.givenBack.get());
    }

    @Test
    void a_chosen_method_that_goes_before_the_handshake_gives_way_to_the_next_common_one() {
        ScriptedMethod ours = new ScriptedMethod("better");
        ScriptedMethod theirs = new ScriptedMethod("better");
        LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
        ours.credential = negotiation -> pending(asked);
        Provider provider = new Provider(2, "better", 200, ours);
        Provider other = new Provider(3, "better", 200, theirs);
        romeo.service.bindMethod(provider.reference, provider.objects);
        juliet.service.bindMethod(other.reference, other.objects);
        CompletionStage<Tunnel> opening = romeo.service.open(juliet.me);
        next(asked);
        romeo.service.unbindMethod(provider.reference);
        assertEquals("test", get(opening).security().method());
    }

    @Test
    void a_method_that_goes_while_it_judges_ends_the_negotiation_with_that_reason() {
        LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
        romeo.method.verify = negotiation -> pending(asked);
        CompletionStage<Tunnel> opening = romeo.service.open(juliet.me);
        next(asked);
        romeo.service.unbindMethod(romeo.provider.reference);
        Failure failure = failure(opening);
        assertEquals(Code.SERVICE_GONE, failure.code());
        assertTrue(failure.message().contains("went away"));
    }

    @Test
    void an_established_tunnel_stays_up_when_its_method_goes() {
        Tunnel tunnel = romeo.open(juliet);
        romeo.service.unbindMethod(romeo.provider.reference);
        assertEquals(Acknowledgement.PEER, get(tunnel.send(Stanza.chat("still here"))));
        assertEquals(romeo.provider.got.get(), romeo.provider.givenBack.get());
    }

    @Test
    void a_methods_instance_serves_one_negotiation_and_is_given_back() {
        get(romeo.open(juliet).close());
        next(juliet.heard.closed);
        romeo.open(juliet);
        assertEquals(2, romeo.provider.got.get());
        assertEquals(2, romeo.provider.givenBack.get());
    }

    @Test
    void a_method_that_misbehaves_is_left_out_and_another_serves() {
        List<java.util.function.Consumer<ScriptedMethod>> misdeeds = List.of(
                method -> method.offer = negotiation -> {
                    throw new IllegalStateException("broken");
                },
                method -> method.offer = negotiation -> null,
                method -> method.offer = negotiation -> CompletableFuture.completedFuture(null),
                method -> method.offer = negotiation -> {
                    throw new NoClassDefFoundError("refreshed");
                },
                method -> method.answer = negotiation -> CompletableFuture.completedFuture(null),
                method -> method.credential = negotiation -> CompletableFuture.completedFuture(null),
                method -> method.credential =
                        negotiation -> CompletableFuture.failedFuture(new IllegalStateException("locked")));
        for (java.util.function.Consumer<ScriptedMethod> misdeed : misdeeds) {
            ScriptedMethod bad = new ScriptedMethod("better");
            misdeed.accept(bad);
            Provider provider = new Provider(2, "better", 200, bad);
            Provider other = new Provider(3, "better", 200, new ScriptedMethod("better"));
            romeo.service.bindMethod(provider.reference, provider.objects);
            juliet.service.bindMethod(other.reference, other.objects);
            Tunnel tunnel = romeo.open(juliet);
            assertEquals("test", tunnel.security().method());
            get(tunnel.close());
            next(juliet.heard.closed);
            romeo.service.unbindMethod(provider.reference);
            juliet.service.unbindMethod(other.reference);
        }
    }

    @Test
    void a_method_that_judges_with_nothing_or_an_exception_lets_nobody_in() {
        romeo.method.verify = negotiation -> CompletableFuture.completedFuture(null);
        assertEquals(Code.SERVICE_GONE, failure(romeo.service.open(juliet.me)).code());
        romeo.method.verify = negotiation -> {
            throw new IllegalStateException("broken");
        };
        assertEquals(Code.SERVICE_GONE, failure(romeo.service.open(juliet.me)).code());
        assertEquals(List.of(), romeo.service.tunnels());
    }

    @Test
    void a_provider_whose_bundle_has_stopped_is_left_out() {
        Provider stopped =
                new Provider(2, null, Map.of(AuthMethod.METHOD, "better", AuthMethod.PREFERENCE, 200), () -> {
                    throw new IllegalStateException("the component was deactivated");
                });
        romeo.service.bindMethod(stopped.reference, stopped.objects);
        assertEquals("test", romeo.open(juliet).security().method());
    }

    // ---- prompts and policy

    @Test
    void a_user_who_has_compared_the_fingerprint_makes_the_tunnel_verified() {
        juliet.method.knowsNobody();
        TrustQuestion question = answering(juliet, TrustAnswer.VERIFIED);
        assertEquals(romeo.me, question.peer());
        Tunnel tunnel = next(juliet.heard.opened);
        assertEquals(Trust.VERIFIED, tunnel.security().trust());
        assertEquals(
                KeyState.VERIFIED,
                juliet.trust
                        .of(romeo.me.bare())
                        .key(question.key())
                        .orElseThrow()
                        .state());
    }

    @Test
    void a_user_who_has_not_makes_it_unverified() {
        juliet.method.knowsNobody();
        TrustQuestion question = answering(juliet, TrustAnswer.FIRST_USE);
        assertEquals(Trust.UNVERIFIED, next(juliet.heard.opened).security().trust());
        assertEquals(
                KeyState.FIRST_USE,
                juliet.trust
                        .of(romeo.me.bare())
                        .key(question.key())
                        .orElseThrow()
                        .state());
    }

    private TrustQuestion answering(Container container, TrustAnswer answer) {
        LinkedBlockingQueue<TrustQuestion> questions = new LinkedBlockingQueue<>();
        container.bindPrompt(question -> {
            questions.add(question);
            return done(answer);
        });
        romeo.open(juliet);
        return next(questions);
    }

    @Test
    void a_user_who_says_no_leaves_no_trace() {
        juliet.method.knowsNobody();
        juliet.bindPrompt(question -> done(TrustAnswer.REJECT));
        assertEquals(
                Code.DISTRUSTED_BY_PEER, failure(romeo.service.open(juliet.me)).code());
        assertEquals(Code.UNTRUSTED, next(juliet.heard.failed).code());
        assertEquals(List.of(), juliet.trust.of(romeo.me.bare()).keys());
    }

    @Test
    void a_prompt_that_fails_throws_or_answers_with_nothing_is_a_no() {
        juliet.method.knowsNobody();
        List<TrustPrompt> prompts = List.of(
                question -> {
                    throw new IllegalStateException("no screen");
                },
                question -> null,
                question -> CompletableFuture.completedFuture(null),
                question -> CompletableFuture.failedFuture(new IllegalStateException("no screen")));
        for (TrustPrompt prompt : prompts) {
            juliet.bindPrompt(prompt);
            assertEquals(
                    Code.DISTRUSTED_BY_PEER,
                    failure(romeo.service.open(juliet.me)).code());
            assertEquals(Code.UNTRUSTED, next(juliet.heard.failed).code());
            juliet.unbindPrompt(prompt);
        }
    }

    @Test
    void where_nobody_can_be_asked_the_answer_is_no() {
        juliet.method.knowsNobody();
        assertEquals(
                Code.DISTRUSTED_BY_PEER, failure(romeo.service.open(juliet.me)).code());
        assertEquals(Code.UNTRUSTED, next(juliet.heard.failed).code());
    }

    @Test
    void a_question_that_nobody_needs_answered_any_more_disappears() {
        juliet.method.knowsNobody();
        LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
        juliet.bindPrompt(question -> pending(asked));
        CompletionStage<Tunnel> opening = romeo.service.open(juliet.me);
        CompletableFuture<?> question = next(asked);
        romeo.unbindEngine(romeo.engine);
        assertEquals(Code.SERVICE_GONE, failure(opening).code());
        assertEquals(Code.CLOSED_BY_PEER, next(juliet.heard.failed).code());
        assertTrue(question.isCancelled());
        assertEquals(List.of(), juliet.trust.of(romeo.me.bare()).keys());
    }

    @Test
    void a_question_that_is_never_answered_ends_in_time() {
        try (Container nurse =
                new Container(server, "nurse@capulet.com/kitchen", Map.of("negotiationMillis", 1_000L))) {
            nurse.method.knowsNobody();
            LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
            nurse.bindPrompt(question -> pending(asked));
            CompletionStage<Tunnel> opening = romeo.service.open(nurse.me);
            CompletableFuture<?> question = next(asked);
            assertEquals(Code.TIMEOUT, next(nurse.heard.failed).code());
            assertTrue(question.isCancelled());
            failure(opening);
        }
    }

    @Test
    void an_open_question_holds_up_no_other_tunnel() {
        try (Container nurse = new Container(server, "nurse@capulet.com/kitchen", Map.of())) {
            LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
            romeo.method.verify = negotiation -> done(
                    negotiation.peer().equals(juliet.me)
                            ? new org.xtls.auth.Verdict.Unknown(romeo.method.key())
                            : new org.xtls.auth.Verdict.Verified(romeo.method.key(), "scripted"));
            romeo.bindPrompt(question -> pending(asked));
            CompletionStage<Tunnel> waiting = romeo.service.open(juliet.me);
            CompletableFuture<?> question = next(asked);
            assertEquals(Acknowledgement.PEER, get(romeo.open(nurse).send(Stanza.chat("hi"))));
            assertFalse(waiting.toCompletableFuture().isDone());
            @SuppressWarnings("unchecked")
            CompletableFuture<TrustAnswer> answer = (CompletableFuture<TrustAnswer>) question;
            answer.complete(TrustAnswer.FIRST_USE);
            assertEquals(Trust.UNVERIFIED, get(waiting).security().trust());
        }
    }

    @Test
    void beside_a_verified_key_policy_alone_lets_no_other_in() {
        romeo.method.knowsNobody();
        romeo.policy.modified(Map.of("first-use", "accept"));
        romeo.trust.put(juliet.me.bare(), new KeyName("test", "cd".repeat(32)), KeyState.VERIFIED, "compared");
        assertEquals(Code.KEY_CHANGED, failure(romeo.service.open(juliet.me)).code());
        LinkedBlockingQueue<TrustQuestion> questions = new LinkedBlockingQueue<>();
        romeo.bindPrompt(question -> {
            questions.add(question);
            return done(TrustAnswer.FIRST_USE);
        });
        assertEquals(Trust.UNVERIFIED, romeo.open(juliet).security().trust());
        TrustQuestion question = next(questions);
        assertTrue(romeo.trust.of(juliet.me.bare()).key(question.key()).isEmpty(), "for this once only");
    }

    @Test
    void a_known_peer_that_begins_with_another_key_is_told_of_on_the_side_that_answers() {
        KeyName offered = new KeyName("test", "ef".repeat(32));
        juliet.method.answer = negotiation -> done(Answer.impossible(offered));
        juliet.trust.put(romeo.me.bare(), new KeyName("test", "cd".repeat(32)), KeyState.VERIFIED, "compared");
        assertEquals(Code.REFUSED, failure(romeo.service.open(juliet.me)).code());
        Failure changed = next(juliet.heard.failed);
        assertEquals(Code.KEY_CHANGED, changed.code());
        assertTrue(changed.message().contains(offered.grouped()), changed.message());
    }

    @Test
    void the_policy_in_force_is_the_last_sound_one() {
        romeo.method.knowsNobody();
        assertEquals(Code.UNTRUSTED, failure(romeo.service.open(juliet.me)).code());
        romeo.policy.modified(Map.of("first-use", "accept"));
        romeo.policy.modified(Map.of("first-use", "whatever"));
        assertEquals("accept", romeo.service.runtime().policy.get("first-use"));
        Tunnel tunnel = romeo.open(juliet);
        assertEquals(Trust.UNVERIFIED, tunnel.security().trust());
    }

    // ---- configuration and observers

    @Test
    void a_wrong_policy_at_the_start_lets_nothing_be_negotiated_until_it_is_corrected() {
        try (Container nurse =
                new Container(server, "nurse@capulet.com/kitchen", Map.of(), Map.of("first-use", "whatever"))) {
            negotiatesNothing(nurse, "first-use");
            assertEquals(Map.of(), nurse.service.runtime().policy);
            nurse.policy.modified(Map.of("first-use", "perhaps"));
            negotiatesNothing(nurse, "'perhaps'");
            nurse.policy.modified(Map.of("first-use", "reject"));
            negotiates(nurse);
            assertEquals("reject", nurse.service.runtime().policy.get("first-use"));
        }
    }

    @Test
    void wrong_bounds_at_the_start_let_nothing_be_negotiated_until_they_are_corrected() {
        Map<String, Map<String, Object>> wrong = Map.of(
                "window", Map.of("window", 0),
                "answerMillis", Map.of("answerMillis", 86_400_001L),
                "threads", Map.of("threads", 0),
                "halfOpen", Map.of("halfOpen", 0),
                "iqBytes", Map.of("iqBytes", "abc"));
        wrong.forEach((attribute, configuration) -> {
            try (Container nurse = new Container(server, "nurse@capulet.com/kitchen", configuration)) {
                negotiatesNothing(nurse, attribute);
                nurse.service.modified(Container.settings(configuration));
                negotiatesNothing(nurse, attribute);
                nurse.service.modified(Container.settings(Map.of("window", 8)));
                assertEquals(8, nurse.service.settings().window());
                negotiates(nurse);
            }
        });
    }

    @Test
    void all_that_is_wrong_is_said_at_once() {
        try (Container nurse = new Container(
                server, "nurse@capulet.com/kitchen", Map.of("window", 0), Map.of("first-use", "whatever"))) {
            Failure failure = failure(nurse.service.open(juliet.me));
            assertTrue(failure.message().contains("window"), failure.message());
            assertTrue(failure.message().contains("first-use"), failure.message());
            assertEquals(2, nurse.service.runtime().missing.size());
        }
    }

    private void negotiatesNothing(Container container, String why) {
        Failure failure = failure(container.service.open(juliet.me));
        assertEquals(Code.LOCAL, failure.code());
        assertEquals(Failure.Fault.LOCAL, failure.fault());
        assertTrue(failure.message().contains("org.xtls."), failure.message());
        assertTrue(failure.message().contains(why), failure.message());
        assertEquals("Correct it.", failure.advice());
        List<String> missing = container.service.runtime().missing;
        assertEquals(1, missing.size());
        assertTrue(missing.get(0).contains(why), missing.get(0));
        assertEquals(
                Code.NOT_SUPPORTED, failure(romeo.service.open(container.me)).code());
        Server.ServedLink stranger = server.link(FullJid.parse("tybalt@capulet.com/street"));
        LinkedBlockingQueue<Iq> answers = new LinkedBlockingQueue<>();
        stranger.listen(new LinkListener() {
            @Override
            public void received(Iq iq) {
                answers.add(iq);
            }

            @Override
            public void unavailable(FullJid peer) {}

            @Override
            public void lost(String reason) {}
        });
        stranger.send(new Iq.Request(container.me, "probe", false, Element.of(Offer.NAMESPACE, "offer")));
        assertEquals(
                StanzaError.Condition.SERVICE_UNAVAILABLE,
                assertInstanceOf(Iq.Error.class, next(answers)).error().condition());
        assertEquals(List.of(), container.shown());
        assertEquals(0, container.provider.got.get(), "no method was asked");
    }

    private void negotiates(Container container) {
        assertEquals(List.of(), container.service.runtime().missing);
        get(romeo.open(container).close());
        next(container.heard.closed);
        get(container.open(juliet).close());
        next(juliet.heard.closed);
    }

    @Test
    void a_wrong_configuration_does_not_change_a_running_one() {
        romeo.service.modified(Container.settings(Map.of("window", 8)));
        romeo.service.modified(Container.settings(Map.of("window", 1)));
        assertEquals(8, romeo.service.settings().window());
        romeo.service.modified(Container.settings(Map.of("window", "abc")));
        assertEquals(8, romeo.service.settings().window());
        assertEquals(List.of(), romeo.service.runtime().missing);
        romeo.open(juliet);
    }

    @Test
    void half_open_tunnels_are_bounded_as_configured() {
        juliet.service.modified(Container.settings(Map.of("halfOpenOfPeer", 1)));
        LinkedBlockingQueue<CompletableFuture<?>> asked = new LinkedBlockingQueue<>();
        juliet.method.answer = negotiation -> pending(asked);
        Server.ServedLink street = server.link(FullJid.parse("romeo@montague.net/street"));
        romeo.service.bindLink(street);
        CompletionStage<Tunnel> first = romeo.service.open(romeo.me, juliet.me);
        next(asked);
        assertEquals(
                Code.BUSY,
                failure(romeo.service.open(street.local(), juliet.me)).code());
        assertFalse(first.toCompletableFuture().isDone());
        romeo.service.unbindLink(street);
    }

    @Test
    void a_tunnel_that_is_closing_is_not_renewed() {
        Tunnel tunnel = romeo.open(juliet);
        server.swallows = iq -> true;
        CompletionStage<Closure> closing = tunnel.close();
        assertEquals(Code.CLOSED, failure(tunnel.renew()).code());
        assertFalse(closing.toCompletableFuture().isDone());
    }

    @Test
    void tunnels_of_one_account_are_bounded_however_many_resources_it_has() {
        juliet.service.modified(Container.settings(Map.of("tunnelsOfPeer", 1)));
        Tunnel first = romeo.open(juliet);
        next(juliet.heard.opened);
        Server.ServedLink street = server.link(FullJid.parse("romeo@montague.net/street"));
        romeo.service.bindLink(street);
        assertEquals(
                Code.BUSY,
                failure(romeo.service.open(street.local(), juliet.me)).code());
        get(first.close());
        next(juliet.heard.closed);
        get(romeo.service.open(street.local(), juliet.me));
        romeo.service.unbindLink(street);
    }

    @Test
    void observers_see_links_methods_tunnels_and_their_counts() {
        Tunnel tunnel = romeo.open(juliet);
        TunnelDTO early = romeo.shown().get(0);
        assertEquals("open", early.state, "whoever has a tunnel sees it open");
        get(tunnel.send(Stanza.chat("hi")));
        RuntimeDTO runtime = romeo.service.runtime();
        assertEquals(List.of(romeo.me.toString()), runtime.links);
        assertEquals("test", runtime.methods.get(0).name);
        assertEquals(100, runtime.methods.get(0).preference);
        assertEquals(List.of(), runtime.missing);
        assertEquals("ask", runtime.policy.get("first-use"));
        TunnelDTO shown = runtime.tunnels.get(0);
        assertEquals(tunnel.id(), shown.id);
        assertEquals(romeo.me.toString(), shown.local);
        assertEquals(juliet.me.toString(), shown.peer);
        assertEquals("initiator", shown.role);
        assertEquals("test", shown.method);
        assertEquals("TLSv1.3", shown.tls);
        assertEquals("verified", shown.trust);
        assertEquals("peer", shown.acknowledgement);
        assertTrue(shown.offersConfirmed);
        assertEquals(1, shown.sent);
        assertEquals(1, shown.acknowledged);
        get(tunnel.close());
        assertEquals(List.of(), romeo.shown());
    }

    @Test
    void observers_see_what_has_happened_in_numbers() {
        assertEquals(Map.of(), romeo.service.runtime().counts.handshakes);
        Tunnel tunnel = romeo.open(juliet);
        get(tunnel.send(Stanza.chat("hi")));
        CountsDTO romeos = romeo.service.runtime().counts;
        assertEquals(Map.of("test", 1L), romeos.handshakes);
        assertEquals(Map.of(), romeos.closures);
        assertTrue(romeos.bytesSent > 500 && romeos.bytesReceived > 500, romeos.toString());
        get(tunnel.close());
        next(juliet.heard.closed);
        romeos = romeo.service.runtime().counts;
        CountsDTO juliets = juliet.service.runtime().counts;
        assertEquals(Map.of("CLOSED", 1L), romeos.closures);
        assertEquals(Map.of("CLOSED_BY_PEER", 1L), juliets.closures);
        assertEquals(romeos.bytesSent, juliets.bytesReceived);
        assertEquals(juliets.bytesSent, romeos.bytesReceived);

        assertEquals(
                Code.NOT_SUPPORTED,
                failure(romeo.service.open(romeo.me, FullJid.parse("tybalt@capulet.lit/street")))
                        .code());
        assertEquals(Map.of("NOT_SUPPORTED", 1L), romeo.service.runtime().counts.failures);
        assertEquals(Map.of("test", 1L), romeo.service.runtime().counts.handshakes);
    }

    @Test
    void what_is_published_counts_from_where_the_service_is_and_goes_before_it() {
        assertEquals(romeo.service.runtime().changeCount, last(romeo.changeCounts));
        romeo.runtime.deactivate();
        assertFalse(romeo.registered);
        long before = romeo.changeCounts.size();
        romeo.open(juliet);
        assertEquals(before, romeo.changeCounts.size());
    }

    private static Long last(BlockingQueue<Long> counts) {
        Long last = next(counts);
        while (!counts.isEmpty()) {
            last = next(counts);
        }
        return last;
    }

    @Test
    void a_tunnels_id_is_short_and_one_of_its_own_in_the_log() {
        Tunnel first = romeo.open(juliet);
        get(first.close());
        next(juliet.heard.closed);
        String id = first.id();
        assertTrue(id.matches("[b-z]{2}1"), id);
        assertEquals(id.substring(0, 2) + "2", romeo.open(juliet).id());
    }

    @Test
    void the_change_count_grows_with_every_change() {
        romeo.changeCounts.clear();
        long before = romeo.service.runtime().changeCount;
        Tunnel tunnel = romeo.open(juliet);
        assertTrue(next(romeo.changeCounts) > before);
        get(tunnel.close());
        assertTrue(next(romeo.changeCounts) > before + 1);
        romeo.changeCounts.clear();
        romeo.policy.modified(Map.of("first-use", "reject"));
        assertEquals(romeo.service.runtime().changeCount, next(romeo.changeCounts));
    }

    @Test
    void a_method_without_a_usable_name_is_left_out() {
        Provider nameless = new Provider(7, "No Such Name", 1, new ScriptedMethod("test"));
        romeo.service.bindMethod(nameless.reference, nameless.objects);
        assertEquals(1, romeo.service.runtime().methods.size());
    }

    // ---- with the real method and the real store

    @Test
    void certificates_taken_on_first_use_once_pinned_make_verified_tunnels(@TempDir Path home) throws Exception {
        try (FileTrustStore romeos = new FileTrustStore(home.resolve("r-trust"));
                FileTrustStore juliets = new FileTrustStore(home.resolve("j-trust"));
                Identities romeosKeys = new Identities(home.resolve("r-keys"));
                Identities julietsKeys = new Identities(home.resolve("j-keys"))) {
            furnish(romeo, romeos, romeosKeys);
            furnish(juliet, juliets, julietsKeys);
            Code nobodyAsked = failure(romeo.service.open(juliet.me)).code();
            assertTrue(
                    nobodyAsked == Code.UNTRUSTED || nobodyAsked == Code.DISTRUSTED_BY_PEER,
                    "nobody can be asked on either side, and one says so first");
            romeo.policy.modified(Map.of("first-use", "accept"));
            juliet.policy.modified(Map.of("first-use", "accept"));
            Tunnel first = romeo.open(juliet);
            assertEquals(Trust.UNVERIFIED, first.security().trust());
            assertEquals(
                    get(julietsKeys.keys(juliet.me.bare())).get(0),
                    first.security().key());
            get(first.close());
            next(juliet.heard.closed);

            get(romeos.put(juliet.me.bare(), first.security().key(), KeyState.VERIFIED, "compared"));
            get(juliets.put(
                    romeo.me.bare(), get(romeosKeys.keys(romeo.me.bare())).get(0), KeyState.VERIFIED, "compared"));
            Tunnel second = romeo.open(juliet);
            assertEquals(Trust.VERIFIED, second.security().trust());
            assertEquals("X25519MLKEM768", second.security().group());
            get(second.send(Stanza.chat("hi")));
            assertTrue(get(romeos.peer(juliet.me.bare())).confirms());
            get(second.close());
            next(juliet.heard.closed);
            romeo.unbindTrust(romeos);
            juliet.unbindTrust(juliets);
        }
    }

    private static void furnish(Container container, FileTrustStore store, Identities keys) {
        container.service.unbindMethod(container.provider.reference);
        container.unbindTrust(container.trust);
        container.bindTrust(store);
        Provider x509 = new Provider(
                9,
                null,
                Map.of(AuthMethod.METHOD, "x509", AuthMethod.PREFERENCE, 100),
                () -> new X509Method(keys, store));
        container.service.bindMethod(x509.reference, x509.objects);
    }

    private static <T> CompletableFuture<T> pending(LinkedBlockingQueue<CompletableFuture<?>> asked) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        asked.add(stage);
        return stage;
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(Container.BOUND_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("xtls-tunnel-"))
                .toList();
    }
}
