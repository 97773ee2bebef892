package org.xtls.shell;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.Tunnel;
import org.xtls.password.HeldSecret;
import org.xtls.password.PairingCode;
import org.xtls.password.Passwords;
import org.xtls.password.TunnelVerification;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;

/** What two people share, and what can be made of it: passwords, pairing codes, verified tunnels. */
@Component(
        service = PasswordCommands.class,
        property = {
            "osgi.command.scope=xtls",
            "osgi.command.function=pair",
            "osgi.command.function=password",
            "osgi.command.function=passwords",
            "osgi.command.function=forget",
            "osgi.command.function=unlock",
            "osgi.command.function=verify"
        })
public final class PasswordCommands {
    private static final String BUNDLE = "org.xtls.auth.srp";
    private static final String ACCOUNT = "--account";
    private static final String USE = "--use";
    private static final Duration TRUST_PATIENCE = Duration.ofSeconds(10);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    private final Tunnels tunnels;
    private final RuntimeWatch runtime;
    private final Questions questions;
    private final TunnelNews news;
    private final Clock clock;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable Passwords passwords;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable TunnelVerification verification;

    @Activate
    public PasswordCommands(
            @Reference Tunnels tunnels,
            @Reference RuntimeWatch runtime,
            @Reference Questions questions,
            @Reference TunnelNews news) {
        this(tunnels, runtime, questions, news, Clock.system(ZoneId.systemDefault()));
    }

    PasswordCommands(Tunnels tunnels, RuntimeWatch runtime, Questions questions, TunnelNews news, Clock clock) {
        this.tunnels = tunnels;
        this.runtime = runtime;
        this.questions = questions;
        this.news = news;
        this.clock = clock;
    }

    @Descriptor(Usage.PAIR)
    public void pair(@Descriptor("JID and perhaps CODE") @Nullable String[] words) throws CommandException {
        Arguments arguments =
                Arguments.of(Usage.PAIR, words, Set.of(ACCOUNT)).words(1, Integer.MAX_VALUE); // 123 456 789 is three
        BareJid peer = arguments.account(0);
        Passwords present = passwords();
        BareJid account = account(arguments);
        if (arguments.size() == 1) {
            PairingCode code = Stages.await(present.pair(account, peer));
            try {
                show(account, peer, code);
            } finally {
                code.wipe();
            }
            return;
        }
        HeldSecret held =
                Stages.await(present.enter(account, peer, arguments.from(1).toCharArray()));
        System.out.println(Printable.text("pairing code of " + peer + " is entered, good for "
                + left(held.expires().orElseThrow()) + "; now either side opens the tunnel"));
    }

    private void show(BareJid account, BareJid peer, PairingCode code) throws CommandException {
        // One tunnel ends it, so what strings are left of it in memory are of no use to anybody.
        String digits = new String(code.characters());
        System.out.println(Printable.text("pairing code for " + peer));
        System.out.println("  " + digits);
        System.out.println("  good for one tunnel in " + left(code.expires()) + "; void after three failures");
        System.out.println(Printable.text("  the other side: pair " + account + " " + digits));
        System.out.println("Say it or show it, to nobody else, and not through the server. Once it is entered there,"
                + " either side opens the tunnel.");
        String uri = XmppUri.of(account, "xtls-pair") + ";code=" + digits.replace(" ", "");
        System.out.println(uri);
        System.out.print(QrCode.of(uri));
    }

    private String left(Instant end) {
        long minutes = Math.max(1, (Duration.between(clock.instant(), end).toSeconds() + 30) / 60);
        return minutes + (minutes == 1 ? " minute" : " minutes") + ", until "
                + TIME.format(end.atZone(clock.getZone()));
    }

    @Descriptor(Usage.PASSWORD)
    public void password(CommandSession session, @Descriptor("JID and perhaps PASSWORD") @Nullable String[] words)
            throws CommandException {
        Arguments arguments = passwordArguments(words);
        BareJid peer = arguments.account(0);
        Passwords.Use use = use(arguments);
        Passwords present = passwords();
        BareJid account = account(arguments);
        char[] password = arguments.size() == 2 ? arguments.word(1).toCharArray() : twice(session);
        HeldSecret held = Stages.await(present.set(account, peer, password, use));
        System.out.println(Printable.text("password for " + peer + " is kept, for tunnels that "
                + (held.use() == Passwords.Use.BOTH ? "either side begins" : "the peer begins")));
    }

    /** Whatever is wrong with them, a word that may be the password is not shown. */
    private static Arguments passwordArguments(@Nullable String[] words) throws CommandException {
        Set<String> options = Set.of(ACCOUNT, USE);
        for (int i = 0; i < words.length; i++) {
            String word = words[i] == null ? "" : words[i];
            if (options.contains(word)) {
                i++;
            } else if (word.startsWith("--") && !options.contains(word.split("=", 2)[0])) {
                throw CommandException.usage(
                        "there is no such option, and a PASSWORD that begins with -- can only be typed unseen",
                        Usage.PASSWORD);
            }
        }
        Arguments arguments = Arguments.of(Usage.PASSWORD, words, options).words(1, Integer.MAX_VALUE);
        if (arguments.size() > 2) {
            throw arguments.wrong("a PASSWORD with blanks in it is quoted ('...')");
        }
        return arguments;
    }

    private static Passwords.Use use(Arguments arguments) throws CommandException {
        return switch (arguments.option(USE).orElse("both")) {
            case "both" -> Passwords.Use.BOTH;
            case "answer" -> Passwords.Use.ANSWER;
            default -> throw arguments.wrong(USE + " is both or answer");
        };
    }

    /** A slip of the finger would cost one of few guesses later. */
    private static char[] twice(CommandSession session) throws CommandException {
        char[] first = typed(session, "password: ");
        char[] second = typed(session, "again: ");
        boolean same = Arrays.equals(first, second);
        Arrays.fill(second, '\0');
        if (!same) {
            Arrays.fill(first, '\0');
            throw new CommandException("The two were not the same; nothing is changed.");
        }
        return first;
    }

    private static char[] typed(CommandSession session, String prompt) throws CommandException {
        return Unseen.read(session, prompt, "as PASSWORD")
                .filter(typed -> typed.length > 0)
                .orElseThrow(() -> new CommandException("Nothing was typed; nothing is changed."));
    }

    @Descriptor(Usage.PASSWORDS)
    public void passwords(@Descriptor("nothing") @Nullable String[] words) throws CommandException {
        Arguments.of(Usage.PASSWORDS, words).words(0, 0);
        List<HeldSecret> held = Stages.await(passwords().list());
        if (held.isEmpty()) {
            System.out.println("no passwords are kept");
            return;
        }
        Table table = new Table("ACCOUNT", "PEER", "KIND", "USE", "GUESSES", "EXPIRES");
        held.forEach(secret -> table.row(
                secret.account().toString(),
                secret.peer().toString(),
                kind(secret),
                secret.use().name().toLowerCase(Locale.ROOT),
                guesses(secret),
                secret.expires().map(PasswordCommands::seconds).orElse("")));
        System.out.print(table);
    }

    private static String kind(HeldSecret secret) {
        return secret.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String guesses(HeldSecret secret) {
        return secret.locked()
                ? "locked"
                : secret.guessesLeft() + " left"
                        + secret.waits()
                                .map(until -> ", not before " + seconds(until))
                                .orElse("");
    }

    @Descriptor(Usage.FORGET)
    public void forget(@Descriptor("JID") @Nullable String[] words) throws CommandException {
        Arguments arguments = Arguments.of(Usage.FORGET, words, Set.of(ACCOUNT)).words(1, 1);
        BareJid peer = arguments.account(0);
        Optional<BareJid> only = chosen(arguments);
        Passwords present = passwords();
        List<HeldSecret> doomed = Stages.await(present.list()).stream()
                .filter(secret -> secret.peer().equals(peer))
                .filter(secret -> only.isEmpty() || secret.account().equals(only.get()))
                .toList();
        if (doomed.isEmpty()) {
            throw new CommandException("There is no password or pairing code for " + peer + ".");
        }
        for (HeldSecret secret : doomed) {
            Stages.await(present.remove(secret.account(), secret.peer()));
            System.out.println(Printable.text("forgotten: the " + kind(secret).replace('-', ' ') + " that "
                    + secret.account() + " shares with " + peer));
        }
    }

    @Descriptor(Usage.UNLOCK)
    public void unlock(@Descriptor("JID") @Nullable String[] words) throws CommandException {
        BareJid peer = Arguments.of(Usage.UNLOCK, words).words(1, 1).account(0);
        boolean spent = Stages.await(passwords().unlock(peer));
        System.out.println(Printable.text(
                spent ? "the password for " + peer + " has all its guesses again" : "no guess is spent for " + peer));
    }

    @Descriptor(Usage.VERIFY)
    public void verify(CommandSession session, @Descriptor("FULLJID") @Nullable String[] words)
            throws CommandException {
        FullJid peer = Arguments.of(Usage.VERIFY, words).words(1, 1).fullJid(0);
        TunnelVerification present = verification;
        if (present == null) {
            throw CommandException.missing("service that verifies tunnels", BUNDLE);
        }
        Tunnel tunnel = tunnels.tunnel(peer);
        System.out.println(Printable.text("verifying tunnel " + tunnel.id() + " with " + peer
                + ", whose user may have to be asked for the secret"));
        news.verifying(peer.bare());
        try {
            KnownPeer known = verified(session, present, tunnel);
            awaitTrust(tunnel);
            KeyName key = tunnel.security().key();
            System.out.println(Printable.text(
                    key == null
                                    || known.in(KeyState.VERIFIED).stream()
                                            .noneMatch(one -> one.name().equals(key))
                            ? "verified"
                            : "verified: " + peer.bare() + " is " + key.method() + " " + key.grouped()));
        } finally {
            news.verified(peer.bare());
        }
    }

    /** The own user may have to be asked too, and this command holds up the prompt that would be answered at. */
    private KnownPeer verified(CommandSession session, TunnelVerification present, Tunnel tunnel)
            throws CommandException {
        CompletableFuture<Void> asked = questions.about(tunnel.peer());
        CompletableFuture<KnownPeer> outcome = present.verify(tunnel).toCompletableFuture();
        try {
            while (true) {
                Stages.await(CompletableFuture.anyOf(outcome, asked));
                if (outcome.isDone()) {
                    return Stages.await(outcome);
                }
                questions.answerNow(session, tunnel.peer());
                asked = questions.about(tunnel.peer());
            }
        } finally {
            asked.cancel(false);
            outcome.cancel(false);
        }
    }

    /** The tunnel follows the trust store in its own time; what is asked next is to see it. */
    private void awaitTrust(Tunnel tunnel) throws CommandException {
        var unused = runtime.await(
                state -> state.tunnels.stream()
                        .noneMatch(one -> one.id.equals(tunnel.id()) && one.trust.equals("unverified")),
                TRUST_PATIENCE);
    }

    private Optional<BareJid> chosen(Arguments arguments) throws CommandException {
        Optional<String> named = arguments.option(ACCOUNT);
        try {
            return named.map(BareJid::parse);
        } catch (IllegalArgumentException e) {
            throw arguments.wrong(ACCOUNT + ": " + e.getMessage());
        }
    }

    /** The one that is logged in, unless another is named. */
    private BareJid account(Arguments arguments) throws CommandException {
        Optional<BareJid> named = chosen(arguments);
        if (named.isPresent()) {
            return named.get();
        }
        List<BareJid> accounts = runtime.accounts();
        if (accounts.isEmpty()) {
            throw new CommandException("You are not logged in: connect first, or name your account with --account.");
        }
        if (accounts.size() > 1) {
            throw new CommandException("You are logged in with more than one account: name the one that it is for,"
                    + " --account " + accounts.get(0) + " or another.");
        }
        return accounts.get(0);
    }

    private Passwords passwords() throws CommandException {
        Passwords present = passwords;
        if (present == null) {
            throw CommandException.missing("service that keeps passwords", BUNDLE);
        }
        return present;
    }
}
