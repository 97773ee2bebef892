package org.xtls.tunnel.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.xtls.auth.AuthMethod;

class EngagementTest {
    private final Engagement engagement = new Engagement();
    private final Provider service = new Provider(1, "x509", 0, new ScriptedMethod("x509"));
    private final Provider other = new Provider(2, "openpgp", 0, new ScriptedMethod("openpgp"));

    @Test
    void one_instance_serves_all_steps() {
        assertEquals(
                "offer",
                engagement.ask(service.asProvider(), method -> done("offer")).join());
        assertEquals(
                "answer",
                engagement.ask(service.asProvider(), method -> done("answer")).join());
        assertEquals("verify", engagement.ask("x509", method -> done("verify")).join());
        assertEquals(1, service.got.get());
        assertEquals(0, service.givenBack.get());
    }

    @Test
    void a_release_cancels_what_is_asked_and_gives_every_instance_back_once() {
        CompletableFuture<String> never = new CompletableFuture<>();
        CompletableFuture<String> held = new CompletableFuture<>();
        CompletableFuture<String> stage = engagement.ask(service.asProvider(), method -> never);
        engagement.ask(other.asProvider(), method -> done("offer")).join();
        engagement.hold(held);
        engagement.release();
        assertTrue(never.isCancelled());
        assertTrue(held.isCancelled());
        assertTrue(stage.isCompletedExceptionally());
        assertEquals(1, service.givenBack.get());
        assertEquals(1, other.givenBack.get());
        engagement.release();
        assertEquals(1, service.givenBack.get());
    }

    @Test
    void after_the_release_nothing_is_asked_or_held_any_more() {
        engagement.release();
        assertThrows(
                CompletionException.class,
                () -> engagement
                        .ask(service.asProvider(), method -> done("offer"))
                        .join());
        CompletableFuture<String> late = new CompletableFuture<>();
        engagement.hold(late);
        assertTrue(late.isCancelled());
        assertEquals(0, service.got.get());
    }

    @Test
    void what_was_answered_is_not_cancelled() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        CompletableFuture<String> asked = engagement.ask(service.asProvider(), method -> stage);
        stage.complete("offer");
        engagement.release();
        assertEquals("offer", asked.join());
        assertFalse(stage.isCancelled());
    }

    @Test
    void a_provider_that_goes_takes_its_own_instance_and_questions_only() {
        CompletableFuture<String> ours = new CompletableFuture<>();
        CompletableFuture<String> theirs = new CompletableFuture<>();
        CompletableFuture<String> held = new CompletableFuture<>();
        engagement.ask(service.asProvider(), method -> ours);
        engagement.ask(other.asProvider(), method -> theirs);
        engagement.hold(held);
        engagement.gone(service.reference);
        assertTrue(ours.isCancelled());
        assertFalse(theirs.isDone());
        assertFalse(held.isDone());
        assertEquals(1, service.givenBack.get());
        assertEquals(0, other.givenBack.get());
        assertThrows(
                CompletionException.class,
                () -> engagement.ask("x509", method -> done("verify")).join());
        engagement.release();
        assertEquals(1, service.givenBack.get());
    }

    @Test
    void what_a_method_says_while_it_is_taken_apart_is_not_why() {
        CompletableFuture<String> stage = new CompletableFuture<>();
        service.whenGivenBack = () -> stage.completeExceptionally(new IllegalStateException("there is no trust store"));
        CompletableFuture<String> asked = engagement.ask(service.asProvider(), method -> stage);
        engagement.goes(service.reference);
        assertEquals("the authentication method x509 went away", reason(asked));
        assertEquals(0, service.givenBack.get(), "that is for the strand");
        CompletableFuture<String> between = engagement.ask(
                "x509", method -> CompletableFuture.failedFuture(new IllegalStateException("there is no trust store")));
        assertEquals("the authentication method x509 went away", reason(between));
        CompletableFuture<String> thrown = engagement.ask("x509", method -> {
            throw new IllegalStateException("deactivated");
        });
        assertEquals("the authentication method x509 went away", reason(thrown));
        engagement.gone(service.reference);
        assertEquals(1, service.givenBack.get());
    }

    private static String reason(CompletableFuture<?> failed) {
        return assertThrows(CompletionException.class, failed::join).getCause().getMessage();
    }

    @Test
    void whatever_a_method_does_wrong_fails_its_stage() {
        fails(engagement.ask(service.asProvider(), method -> {
            throw new IllegalStateException("broken");
        }));
        fails(engagement.ask(service.asProvider(), method -> {
            throw new NoClassDefFoundError("refreshed");
        }));
        fails(engagement.<String>ask(service.asProvider(), method -> null));
        fails(engagement.<String>ask(service.asProvider(), method -> CompletableFuture.completedFuture(null)));
        fails(engagement.<String>ask(
                service.asProvider(), method -> CompletableFuture.failedFuture(new IllegalStateException("broken"))));
        fails(engagement.ask("unknown", method -> done("offer")));
        assertEquals(1, service.got.get());
    }

    @Test
    void a_service_that_gives_no_instance_fails_its_stage() {
        Map<String, Object> properties = Map.of(AuthMethod.METHOD, "x509");
        fails(engagement.ask(new Provider(1, null, properties, () -> null).asProvider(), method -> done("offer")));
        Provider stopped = new Provider(1, null, properties, () -> {
            throw new IllegalStateException("the component was deactivated");
        });
        fails(engagement.ask(stopped.asProvider(), method -> done("offer")));
    }

    @Test
    void an_answer_is_taken_while_a_method_is_being_made_asked_or_given_back() {
        LinkedBlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
        Runnable takesAnAnswer = () -> {
            // As a service does that is deactivated while one of its workers completes a stage.
            Thread worker = new Thread(answers.remove());
            worker.start();
            try {
                worker.join(Container.BOUND_SECONDS * 1_000L);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertFalse(worker.isAlive(), "the worker waits for the engagement");
        };
        for (int i = 0; i < 3; i++) {
            CompletableFuture<String> stage = new CompletableFuture<>();
            engagement.ask(other.asProvider(), method -> stage);
            answers.add(() -> stage.complete("offer"));
        }
        Map<String, Object> properties = Map.of(AuthMethod.METHOD, "x509");
        Provider slow = new Provider(3, null, properties, () -> {
            takesAnAnswer.run();
            return new ScriptedMethod("x509");
        });
        slow.whenGivenBack = takesAnAnswer;
        assertEquals(
                "offer",
                engagement
                        .ask(slow.asProvider(), method -> {
                            takesAnAnswer.run();
                            return done("offer");
                        })
                        .join());
        engagement.gone(slow.reference);
        assertEquals(1, slow.givenBack.get());
        assertTrue(answers.isEmpty());
    }

    private static CompletableFuture<String> done(String value) {
        return CompletableFuture.completedFuture(value);
    }

    private static void fails(CompletableFuture<String> stage) {
        assertThrows(CompletionException.class, stage::join);
    }
}
