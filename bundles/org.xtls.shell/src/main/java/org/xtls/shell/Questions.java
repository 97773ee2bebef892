package org.xtls.shell;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.apache.felix.service.command.CommandSession;
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
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustQuestion;

/**
 * Questions to the human at the terminal: about keys of peers, and for secrets. They are asked only where one is, as the
 * framework property {@value #INTERACTIVE} says: elsewhere a question would hold up a negotiation that nobody can go on
 * with.
 */
@Component(service = Questions.class, immediate = true)
public final class Questions implements TrustPrompt, SecretPrompt {
    static final String INTERACTIVE = "xtls.interactive";

    /** Strangers can make questions: more than a human can look at are no, but for those that a command waits for. */
    private static final int MOST = 20;

    private static final int LONGEST_RESOURCE = 40;
    private static final int LONGEST_SECRET = 1_024;

    private final Map<Integer, Open> open = new TreeMap<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private final Consumer<String> terminal;
    private final List<Wait> waits = new ArrayList<>();
    private int last;

    private record Wait(FullJid peer, CompletableFuture<Void> asked) {}

    private sealed interface Open {
        /** Whose question it is: one at a time for each. */
        BareJid about();

        /** Whether a command that waits for a tunnel with this peer waits for the answer too. */
        boolean concerns(FullJid peer);

        CompletableFuture<?> answer();

        /** As good as no answer. */
        void decline();
    }

    private record Key(TrustQuestion question, CompletableFuture<TrustAnswer> answer) implements Open {
        @Override
        public BareJid about() {
            return question.peer().bare();
        }

        @Override
        public boolean concerns(FullJid peer) {
            return question.peer().equals(peer);
        }

        @Override
        public void decline() {
            answer.complete(TrustAnswer.REJECT);
        }
    }

    private record Secret(SecretQuestion question, CompletableFuture<Optional<char[]>> answer) implements Open {
        @Override
        public BareJid about() {
            return question.peer().orElse(question.account());
        }

        @Override
        public boolean concerns(FullJid peer) {
            return question.peer().isEmpty() || question.peer().get().equals(peer.bare());
        }

        @Override
        public void decline() {
            answer.complete(Optional.empty());
        }
    }

    @Activate
    public Questions(BundleContext context) {
        this(System.out::println);
        if (Boolean.parseBoolean(context.getProperty(INTERACTIVE))) {
            registrations.add(context.registerService(TrustPrompt.class, this, null));
            registrations.add(context.registerService(SecretPrompt.class, this, null));
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
        left.forEach(Open::decline);
    }

    @Override
    public CompletionStage<TrustAnswer> ask(TrustQuestion question) {
        CompletableFuture<TrustAnswer> answer = new CompletableFuture<>();
        put(new Key(question, answer), number -> text(number, question));
        return answer;
    }

    @Override
    public CompletionStage<Optional<char[]>> ask(SecretQuestion question) {
        CompletableFuture<Optional<char[]>> answer = new CompletableFuture<>();
        put(new Secret(question, answer), number -> text(number, question));
        return answer;
    }

    private void put(Open question, IntFunction<String> text) {
        int number;
        synchronized (open) {
            if (waits.stream().noneMatch(wait -> question.concerns(wait.peer()))
                    && (open.size() >= MOST || isAsked(question.about()))) {
                question.decline();
                return;
            }
            number = ++last;
            open.put(number, question);
        }
        var unused = question.answer().whenComplete((given, failure) -> {
            synchronized (open) {
                open.remove(number);
            }
            if (question.answer().isCancelled()) {
                terminal.accept("Question " + number + " is not asked any more.");
            }
        });
        terminal.accept(text.apply(number));
        wake(question);
    }

    /** One question about an account at a time: its resources are whatever it, or a server, says they are. */
    private boolean isAsked(BareJid about) {
        return open.values().stream().anyMatch(one -> one.about().equals(about));
    }

    /** Completes when a question about this peer waits for its answer, which the waiting command would hold up. */
    CompletableFuture<Void> about(FullJid peer) {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        synchronized (open) {
            if (open.values().stream().anyMatch(one -> one.concerns(peer))) {
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

    private void wake(Open question) {
        List<Wait> woken;
        synchronized (open) {
            woken = waits.stream()
                    .filter(wait -> question.concerns(wait.peer()))
                    .toList();
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
            line(
                    text,
                    "  " + kept(known.state()) + ": " + known.name().method() + " "
                            + known.name().grouped());
        }
        if (!question.concern().isEmpty()) {
            line(text, "Beware: " + question.concern());
        }
        try {
            text.append(QrCode.of(new TrustUri(question.peer().bare(), List.of(question.key())).toString()));
        } catch (CommandException e) {
            line(text, "  (no QR code: " + e.getMessage() + ")");
        }
        line(text, "Compare it with what the peer's \"identity\" shows, over a channel that nobody can fake:");
        line(text, "a server in between could be at both ends of an unverified tunnel.");
        line(text, "If it is the same: answer " + number + " verified");
        text.append("If not: answer ")
                .append(number)
                .append(" no.  To go on unverified: answer ")
                .append(number);
        return text.append(" yes").toString();
    }

    private static String kept(KeyState state) {
        return switch (state) {
            case VERIFIED -> "verified before, and not proved now";
            case EXPIRED -> "expired";
            case FIRST_USE -> "known before";
            case DISTRUSTED -> "distrusted";
        };
    }

    private static String text(int number, SecretQuestion question) {
        StringBuilder text = new StringBuilder("\n");
        String what = switch (question.kind()) {
            case PASSPHRASE -> "the passphrase of " + question.of();
            case PIN -> "the PIN of " + question.of();
            case PASSWORD ->
                question.peer()
                        .map(peer -> "the password that " + question.account() + " shares with " + peer)
                        .orElse("the password of " + question.of());
        };
        line(text, "Question " + number + ": " + what + ", please.");
        if (!question.before().isEmpty()) {
            line(text, question.before());
        }
        return text.append("To type it unseen: answer ")
                .append(number)
                .append(".  Not now: answer ")
                .append(number)
                .append(" no")
                .toString();
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

    /**
     * Answers the question for a secret that is asked about a peer, on behalf of a command that waits for the answer and
     * holds up the prompt. Nothing typed is no.
     */
    void answerNow(CommandSession session, FullJid peer) throws CommandException {
        Secret asked;
        synchronized (open) {
            asked = open.values().stream()
                    .filter(one -> one.concerns(peer))
                    .filter(Secret.class::isInstance)
                    .map(Secret.class::cast)
                    .findFirst()
                    .orElse(null);
        }
        if (asked == null) {
            throw new CommandException("A question comes first: answer it, then try again.");
        }
        try {
            Optional<char[]> typed =
                    Unseen.read(session, "secret: ", "to \"password\" first").filter(secret -> secret.length > 0);
            if (typed.isPresent()) {
                give(asked, checked(typed.get()));
            }
        } finally {
            asked.decline();
        }
    }

    private static char[] checked(char[] secret) throws CommandException {
        if (secret.length == 0 || secret.length > LONGEST_SECRET) {
            Arrays.fill(secret, '\0');
            throw new CommandException("A secret has 1 to " + LONGEST_SECRET + " characters.");
        }
        return secret;
    }

    private static boolean give(Secret asked, char[] secret) {
        boolean taken = asked.answer().complete(Optional.of(secret));
        if (!taken) {
            Arrays.fill(secret, '\0');
        }
        return taken;
    }

    /** The command. */
    public final class Answers {
        @Descriptor(Usage.ANSWER)
        public void answer(CommandSession session, @Descriptor("number and answer") @Nullable String[] words)
                throws CommandException {
            Arguments arguments =
                    Arguments.of(Usage.ANSWER, words, Set.of("--password")).words(1, 2);
            Open asked = asked(arguments.word(0));
            if (arguments.size() == 2 && arguments.word(1).equals("no")) {
                asked.decline();
                return;
            }
            boolean taken = asked instanceof Key key
                    ? key.answer().complete(judgement(arguments))
                    : asked instanceof Secret secret && give(secret, secret(session, arguments));
            if (!taken) {
                throw new CommandException("The question is not asked any more.");
            }
        }

        private Open asked(String number) throws CommandException {
            synchronized (open) {
                for (Map.Entry<Integer, Open> entry : open.entrySet()) {
                    if (entry.getKey().toString().equals(number)) {
                        return entry.getValue();
                    }
                }
            }
            throw new CommandException("There is no question " + number + ".");
        }

        private static TrustAnswer judgement(Arguments arguments) throws CommandException {
            if (arguments.size() < 2) {
                throw arguments.wrong("yes, no or verified is missing");
            }
            return switch (arguments.word(1)) {
                case "yes" -> TrustAnswer.FIRST_USE;
                case "verified" -> TrustAnswer.VERIFIED;
                default -> throw arguments.wrong("'" + arguments.word(1) + "' is no answer");
            };
        }

        private static char[] secret(CommandSession session, Arguments arguments) throws CommandException {
            if (arguments.size() == 2) {
                throw arguments.wrong("'" + arguments.word(1) + "' is no answer to a question for a secret");
            }
            Optional<String> given = arguments.option("--password");
            return checked(
                    given.isPresent()
                            ? given.get().toCharArray()
                            : Unseen.read(session, "secret: ", "with --password")
                                    .orElseThrow(() ->
                                            new CommandException("Nothing was given; the question is still open.")));
        }
    }
}
