package org.xtls.shell;

import java.util.ArrayList;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustQuestion;

/**
 * Questions about keys to the human at the terminal. They are asked only where one is, as the framework property
 * {@value #INTERACTIVE} says: elsewhere a question would hold up a negotiation that nobody can go on with.
 */
@Component(service = Questions.class, immediate = true)
public final class Questions implements TrustPrompt {
    static final String INTERACTIVE = "xtls.interactive";

    /** Strangers can make questions: more than a human can look at are no, but for those that a command waits for. */
    private static final int MOST = 20;

    private static final int LONGEST_RESOURCE = 40;

    private final Map<Integer, Open> open = new TreeMap<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private final Consumer<String> terminal;
    private final List<Wait> waits = new ArrayList<>();
    private int last;

    private record Wait(FullJid peer, CompletableFuture<Void> asked) {}

    private record Open(TrustQuestion question, CompletableFuture<TrustAnswer> answer) {}

    @Activate
    public Questions(BundleContext context) {
        this(System.out::println);
        if (Boolean.parseBoolean(context.getProperty(INTERACTIVE))) {
            registrations.add(context.registerService(TrustPrompt.class, this, null));
            Dictionary<String, Object> command =
                    FrameworkUtil.asDictionary(Map.of("osgi.command.scope", "xtls", "osgi.command.function", "answer"));
            registrations.add(context.registerService(Questions.Answers.class, new Answers(), command));
        }
    }

    Questions(Consumer<String> terminal) {
        this.terminal = terminal;
    }

    @Deactivate
    void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
        List<Open> left;
        synchronized (open) {
            left = List.copyOf(open.values());
            open.clear();
        }
        left.forEach(asked -> asked.answer().complete(TrustAnswer.REJECT));
    }

    @Override
    public CompletionStage<TrustAnswer> ask(TrustQuestion question) {
        CompletableFuture<TrustAnswer> answer = new CompletableFuture<>();
        int number;
        synchronized (open) {
            if (!awaited(question.peer())
                    && (open.size() >= MOST || asksAbout(question.peer().bare()))) {
                return CompletableFuture.completedFuture(TrustAnswer.REJECT);
            }
            number = ++last;
            open.put(number, new Open(question, answer));
        }
        var unused = answer.whenComplete((given, failure) -> {
            synchronized (open) {
                open.remove(number);
            }
            if (answer.isCancelled()) {
                terminal.accept("Question " + number + " is not asked any more.");
            }
        });
        terminal.accept(text(number, question));
        wake(question.peer());
        return answer;
    }

    private boolean awaited(FullJid peer) {
        return waits.stream().anyMatch(wait -> wait.peer().equals(peer));
    }

    /** One question about an account at a time: its resources are whatever it, or a server, says they are. */
    private boolean asksAbout(BareJid peer) {
        return open.values().stream()
                .anyMatch(one -> one.question().peer().bare().equals(peer));
    }

    /** Completes when a question about this peer waits for its answer, which the waiting command would hold up. */
    CompletableFuture<Void> about(FullJid peer) {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        synchronized (open) {
            if (open.values().stream().anyMatch(one -> one.question().peer().equals(peer))) {
                asked.complete(null);
            } else {
                Wait wait = new Wait(peer, asked);
                waits.add(wait);
                var unused = asked.whenComplete((done, cancelled) -> forget(wait));
            }
        }
        return asked;
    }

    private void forget(Wait wait) {
        synchronized (open) {
            waits.remove(wait);
        }
    }

    private void wake(FullJid peer) {
        List<Wait> woken;
        synchronized (open) {
            woken = waits.stream().filter(wait -> wait.peer().equals(peer)).toList();
        }
        woken.forEach(wait -> wait.asked().complete(null));
    }

    private static String text(int number, TrustQuestion question) {
        StringBuilder text = new StringBuilder("\n");
        line(
                text,
                "Question " + number + ": " + name(question.peer()) + " proves to hold a key that nobody vouches for:");
        line(text, "  " + question.key().method() + " " + question.key().grouped());
        for (KnownKey known : question.known().keys()) {
            String kept = known.state() == KeyState.VERIFIED ? "verified before, and not proved now" : "known before";
            line(
                    text,
                    "  " + kept + ": " + known.name().method() + " "
                            + known.name().grouped());
        }
        line(
                text,
                "Compare it with what the peer's \"identity\" shows. If it is the same: answer " + number
                        + " verified");
        text.append("If not: answer ")
                .append(number)
                .append(" no.  To go on unverified: answer ")
                .append(number);
        return text.append(" yes").toString();
    }

    /** A resource is the peer's to choose, and a long one could look like lines of its own. */
    private static String name(FullJid peer) {
        String resource = peer.resource();
        return resource.length() <= LONGEST_RESOURCE
                ? peer.toString()
                : peer.bare() + "/" + resource.substring(0, LONGEST_RESOURCE) + "…";
    }

    private static void line(StringBuilder text, String line) {
        text.append(Printable.text(line)).append('\n');
    }

    /** The command. */
    public final class Answers {
        @Descriptor(Usage.ANSWER)
        public void answer(@Descriptor("number and answer") @Nullable String[] words) throws CommandException {
            Arguments arguments = Arguments.of(Usage.ANSWER, words).words(2, 2);
            TrustAnswer answer = switch (arguments.word(1)) {
                case "yes" -> TrustAnswer.FIRST_USE;
                case "no" -> TrustAnswer.REJECT;
                case "verified" -> TrustAnswer.VERIFIED;
                default -> throw arguments.wrong("'" + arguments.word(1) + "' is no answer");
            };
            Open asked = null;
            synchronized (open) {
                for (Map.Entry<Integer, Open> entry : open.entrySet()) {
                    if (entry.getKey().toString().equals(arguments.word(0))) {
                        asked = entry.getValue();
                    }
                }
            }
            if (asked == null) {
                throw new CommandException("There is no question " + arguments.word(0) + ".");
            }
            if (!asked.answer().complete(answer)) {
                throw new CommandException("The question is not asked any more.");
            }
        }
    }
}
