package org.xtls.auth.srp;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.trust.KeyState;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;
import org.xtls.trust.TrustStore;

/** Asks the user for passwords, and spares him what peers could make of that. */
final class Asking {
    private static final Logger LOG = LoggerFactory.getLogger(Asking.class);

    /** Against peers that paper the screen with questions. What the user himself wants does not count. */
    private static final int MOST_QUESTIONS_OF_PEERS = 3;

    private static final int MOST_ATTEMPTS = 3;

    /** A no to a question that a peer caused is a no for a while. */
    private static final Duration DECLINED = Duration.ofMinutes(5);

    private static final int MOST_DECLINED = 1_000;

    private final Clock clock;
    private final AtomicReference<@Nullable SecretPrompt> prompt = new AtomicReference<>();
    private final AtomicReference<@Nullable TrustStore> trust = new AtomicReference<>();

    // under the lock
    private final Set<Answered> open = new HashSet<>();
    private final Map<Between, Instant> declined = new HashMap<>();
    private boolean closed;

    Asking(Clock clock) {
        this.clock = clock;
    }

    void bind(SecretPrompt service) {
        prompt.set(service);
    }

    void unbind(SecretPrompt service) {
        prompt.compareAndSet(service, null);
    }

    void bind(TrustStore store) {
        trust.set(store);
    }

    void unbind(TrustStore store) {
        trust.compareAndSet(store, null);
    }

    /** Whether there is anybody to ask. */
    boolean isPossible() {
        return prompt.get() != null;
    }

    /**
     * A peer offers to use a password. With a verified key of the peer there is a better way; without a trust store
     * nobody knows.
     */
    CompletionStage<Optional<byte[]>> onOffer(Between between) {
        synchronized (this) {
            Instant no = declined.get(between);
            if (no != null && clock.instant().isBefore(no.plus(DECLINED))) {
                return NOTHING;
            }
        }
        TrustStore store = trust.get();
        if (store == null || prompt.get() == null) {
            return NOTHING;
        }
        Answered answered = new Answered(between, true);
        BareJid peer = between.peer();
        store.peer(peer).whenComplete((known, failure) -> {
            if (known == null || !known.in(KeyState.VERIFIED).isEmpty() || answered.isDone()) {
                answered.complete(Optional.empty());
            } else {
                ask("", MOST_ATTEMPTS, answered);
            }
        });
        return answered;
    }

    /** This side's own user wants it. */
    CompletionStage<Optional<byte[]>> onOwnWish(Between between) {
        Answered answered = new Answered(between, false);
        ask("", MOST_ATTEMPTS, answered);
        return answered;
    }

    void close() {
        List<Answered> unanswered;
        synchronized (this) {
            closed = true;
            unanswered = List.copyOf(open);
        }
        // Each gives up its place as it ends, and what waits for it runs here: not under the lock.
        unanswered.forEach(stage -> stage.cancel(false));
    }

    private void ask(String before, int attempts, Answered answered) {
        Between between = answered.between;
        SecretPrompt human = prompt.get();
        if (human == null || attempts == 0) {
            answered.complete(Optional.empty());
            return;
        }
        CompletableFuture<Optional<char[]>> question;
        synchronized (this) {
            if (closed || (answered.causedByPeer && !isRoom(between))) {
                answered.complete(Optional.empty());
                return;
            }
            // Its place; the service is not called under the lock.
            open.add(answered);
        }
        try {
            question = human.ask(new SecretQuestion(
                            SecretQuestion.Kind.PASSWORD,
                            between.account(),
                            Optional.of(between.peer()),
                            "a tunnel with " + between.peer(),
                            before))
                    .toCompletableFuture();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("the prompt for secrets failed: {}", e.toString());
            release(answered);
            answered.complete(Optional.empty());
            return;
        }
        answered.asks(question);
        var unused = question.whenComplete((given, failure) -> {
            release(answered);
            char[] password = given == null ? null : given.orElse(null);
            if (password == null) {
                if (given != null && answered.causedByPeer) {
                    remember(between);
                }
                answered.complete(Optional.empty());
                return;
            }
            try {
                answered.completeOrWipe(OpaqueString.utf8(password));
            } catch (IllegalArgumentException e) {
                ask(e.getMessage() == null ? "" : e.getMessage(), attempts - 1, answered);
            } finally {
                Arrays.fill(password, '\0');
            }
        });
    }

    /** For a question that a peer causes. Under the lock. */
    private boolean isRoom(Between between) {
        return open.stream().noneMatch(asked -> asked.between.equals(between))
                && open.stream().filter(asked -> asked.causedByPeer).count() < MOST_QUESTIONS_OF_PEERS;
    }

    private synchronized void release(Answered answered) {
        open.remove(answered);
    }

    private synchronized void remember(Between between) {
        Instant now = clock.instant();
        declined.values().removeIf(no -> !now.isBefore(no.plus(DECLINED)));
        if (declined.size() < MOST_DECLINED) {
            declined.put(between, now);
        }
    }

    private static final CompletionStage<Optional<byte[]>> NOTHING = CompletableFuture.completedStage(Optional.empty());

    /** The password, or empty. When it is cancelled the question disappears. */
    private static final class Answered extends CompletableFuture<Optional<byte[]>> {
        private final Between between;
        private final boolean causedByPeer;
        private volatile @Nullable CompletableFuture<?> question;

        Answered(Between between, boolean causedByPeer) {
            this.between = between;
            this.causedByPeer = causedByPeer;
        }

        void asks(CompletableFuture<?> asked) {
            question = asked;
            if (isCancelled()) {
                asked.cancel(false);
            }
        }

        void completeOrWipe(byte[] password) {
            if (!complete(Optional.of(password))) {
                Arrays.fill(password, (byte) 0);
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            CompletableFuture<?> asked = question;
            if (cancelled && asked != null) {
                asked.cancel(false);
            }
            return cancelled;
        }
    }
}
