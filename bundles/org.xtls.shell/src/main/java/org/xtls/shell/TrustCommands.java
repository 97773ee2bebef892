package org.xtls.shell;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.FrameworkUtil;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.BareJid;
import org.xtls.auth.OwnKeys;
import org.xtls.runtime.MethodDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policies;
import org.xtls.trust.Policy;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustStore;

/** Who is who, and what is wanted of them. */
@Component(
        service = TrustCommands.class,
        property = {
            "osgi.command.scope=xtls",
            "osgi.command.function=identity",
            "osgi.command.function=trust",
            "osgi.command.function=distrust",
            "osgi.command.function=policy",
            "osgi.command.function=methods"
        })
public final class TrustCommands {
    private static final Duration POLICY_PATIENCE = Duration.ofSeconds(10);

    /** Between two rules in the runtime's description. */
    private static final String RULE_SEPARATOR = "; ";

    /** The evidence of a key that a command has pinned. */
    static final String PINNED = "pinned on the shell";

    private final RuntimeWatch runtime;

    @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
    volatile List<OwnKeys> ownKeys = List.of();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable TrustStore trustStore;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable ConfigurationAdmin configurationAdmin;

    @Activate
    public TrustCommands(@Reference RuntimeWatch runtime) {
        this.runtime = runtime;
    }

    @Descriptor(Usage.IDENTITY)
    public void identity(@Descriptor("nothing") @Nullable String[] words) throws CommandException {
        Arguments.of(Usage.IDENTITY, words).words(0, 0);
        List<BareJid> accounts = runtime.accounts();
        if (accounts.isEmpty()) {
            throw new CommandException("There is no identity to show before you are logged in: connect first.");
        }
        if (ownKeys.isEmpty()) {
            throw CommandException.missing("method with keys of your own", "org.xtls.auth.x509");
        }
        for (BareJid account : accounts) {
            print(account);
        }
    }

    @Descriptor(Usage.TRUST)
    public void trust(@Descriptor("JID, METHOD and FINGERPRINT") @Nullable String[] words) throws CommandException {
        Arguments arguments = Arguments.of(Usage.TRUST, words);
        if (arguments.size() == 0) {
            show(Stages.await(trustStore().peers()));
            return;
        }
        BareJid peer = arguments.account(0);
        if (arguments.size() == 1) {
            show(peer);
            return;
        }
        arguments.words(3, Integer.MAX_VALUE);
        KeyName key = key(arguments);
        Stages.await(trustStore().put(peer, key, KeyState.VERIFIED, PINNED));
        System.out.println(Printable.text("trusted: " + peer + " is " + key.method() + " " + key.grouped()));
        List<MethodDTO> methods = runtime.now().methods;
        if (methods.stream().noneMatch(method -> method.name.equals(key.method()))) {
            System.out.println("but there is no method " + key.method() + " here yet");
        }
    }

    @Descriptor(Usage.DISTRUST)
    public void distrust(@Descriptor("JID and perhaps FINGERPRINT") @Nullable String[] words) throws CommandException {
        Arguments arguments = Arguments.of(Usage.DISTRUST, words).words(1, Integer.MAX_VALUE);
        BareJid peer = arguments.account(0);
        List<KnownKey> known = Stages.await(trustStore().peer(peer)).keys();
        if (known.isEmpty()) {
            throw new CommandException("No key of " + peer + " is known.");
        }
        List<KeyName> doomed = known.stream().map(KnownKey::name).toList();
        if (arguments.size() > 1) {
            String wanted = arguments.from(1).replaceAll("[:\\s]", "");
            doomed = doomed.stream()
                    .filter(key -> key.fingerprint().equalsIgnoreCase(wanted))
                    .toList();
            if (doomed.isEmpty()) {
                throw new CommandException("No key of " + peer + " with that fingerprint is known; there are: "
                        + String.join(
                                ", ",
                                known.stream().map(key -> key.name().toString()).toList()));
            }
        }
        for (KeyName key : doomed) {
            Stages.await(trustStore().put(peer, key, KeyState.DISTRUSTED, "distrusted on the shell"));
            System.out.println(Printable.text("distrusted: " + peer + " is not " + key.method() + " " + key.grouped()));
        }
    }

    @Descriptor(Usage.POLICY)
    public void policy(@Descriptor("nothing, or KEY and VALUE") @Nullable String[] words) throws CommandException {
        Arguments arguments = Arguments.of(Usage.POLICY, words);
        if (arguments.size() == 0) {
            showPolicy();
            return;
        }
        if (arguments.size() == 1) {
            throw arguments.wrong("VALUE is missing");
        }
        try {
            switch (arguments.word(0)) {
                case "rule" -> rule(arguments.from(1));
                case "no-rule" -> noRule(arguments.words(2, 2).word(1));
                default -> value(arguments.words(2, 2));
            }
        } catch (IllegalArgumentException e) {
            throw arguments.wrong(e.getMessage());
        }
    }

    private void showPolicy() throws CommandException {
        new TreeMap<>(runtime.now().policy).forEach((key, value) -> {
            if (key.equals(Policies.RULES)) {
                Arrays.stream(value.split(RULE_SEPARATOR))
                        .forEach(rule -> System.out.println(Printable.text("rule " + rule)));
            } else {
                System.out.println(Printable.text(key + " " + value));
            }
        });
    }

    private void value(Arguments arguments) throws CommandException {
        Policy.Key key = Policy.Key.of(arguments.word(0));
        String value = Policy.DEFAULT.with(key, arguments.word(1)).value(key);
        change(properties -> properties.put(key.toString(), value));
        awaitInForce(key.toString(), value);
        System.out.println(key + " " + value);
    }

    private void rule(String line) throws CommandException {
        Policies.Rule rule = Policies.Rule.parse(line);
        changeRules(rules -> {
            rules.removeIf(other -> other.pattern().equals(rule.pattern()));
            rules.add(rule);
        });
        System.out.println(Printable.text("rule " + rule));
    }

    private void noRule(String pattern) throws CommandException {
        String normalised = new Policies.Rule(pattern, List.of("require verified")).pattern();
        changeRules(rules -> {
            if (!rules.removeIf(rule -> rule.pattern().equals(normalised))) {
                throw new IllegalArgumentException("there is no rule for " + normalised);
            }
        });
        System.out.println(Printable.text("no rule " + normalised));
    }

    private void changeRules(Consumer<List<Policies.Rule>> edit) throws CommandException {
        Map<String, Object> stored = change(properties -> {
            List<Policies.Rule> rules = new ArrayList<>(Policies.of(properties).rules());
            edit.accept(rules);
            properties.put(
                    Policies.RULES, rules.stream().map(Policies.Rule::toString).toArray(String[]::new));
        });
        awaitInForce(
                Policies.RULES,
                Policies.of(stored).rules().stream()
                        .map(Policies.Rule::toString)
                        .collect(Collectors.joining(RULE_SEPARATOR)));
    }

    private void awaitInForce(String key, String value) throws CommandException {
        if (!runtime.await(state -> value.equals(state.policy.getOrDefault(key, "")), POLICY_PATIENCE)) {
            throw new CommandException("The policy is stored but did not come into force; the log says why. In force: "
                    + key + " " + runtime.now().policy.getOrDefault(key, "nothing"));
        }
    }

    @Descriptor(Usage.METHODS)
    public void methods(@Descriptor("nothing") @Nullable String[] words) throws CommandException {
        Arguments.of(Usage.METHODS, words).words(0, 0);
        RuntimeDTO state = runtime.now();
        if (state.methods.isEmpty()) {
            System.out.println("no methods are installed");
            return;
        }
        Table table = new Table("METHOD", "PREFERENCE", "BUNDLE", "VERSION");
        state.methods.forEach(
                method -> table.row(method.name, Integer.toString(method.preference), method.bundle, method.version));
        System.out.print(table);
    }

    private static void show(List<KnownPeer> peers) {
        if (peers.stream().allMatch(peer -> peer.keys().isEmpty())) {
            System.out.println("no keys are known");
            return;
        }
        Table table = new Table("PEER", "METHOD", "STATE", "SINCE", "FINGERPRINT", "EVIDENCE");
        for (KnownPeer peer : peers) {
            for (KnownKey key : peer.keys()) {
                table.row(
                        peer.peer().toString(),
                        key.name().method(),
                        name(key.state()),
                        key.since().toString(),
                        key.name().fingerprint(),
                        key.evidence());
            }
        }
        System.out.print(table);
    }

    private void show(BareJid peer) throws CommandException {
        KnownPeer known = Stages.await(trustStore().peer(peer));
        List<TrustChange> history = Stages.await(trustStore().history(peer));
        if (known.keys().isEmpty() && known.methods().isEmpty()) {
            System.out.println(Printable.text("nothing is known of " + peer));
            return;
        }
        for (KnownKey key : known.keys()) {
            System.out.println(
                    Printable.text(name(key.state()) + " " + key.name().method()));
            System.out.println("  " + key.name().grouped());
        }
        if (!known.methods().isEmpty()) {
            System.out.println(Printable.text("verified tunnels: by "
                    + String.join(", ", new TreeSet<>(known.methods()))
                    + (known.confirms() ? ", offers confirmed" : ", offers never confirmed")));
        }
        for (TrustChange change : history) {
            System.out.println(Printable.text(change.at() + " "
                    + (change.from() == null ? "" : name(change.from()) + " -> ") + name(change.to()) + ": "
                    + change.key().method() + " " + change.key().fingerprint() + ", " + change.evidence()));
        }
    }

    static String name(KeyState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void print(BareJid account) throws CommandException {
        Map<String, KeyName> current = new LinkedHashMap<>();
        CommandException unusable = null;
        for (OwnKeys method : ownKeys) {
            List<KeyName> keys;
            try {
                keys = Stages.await(method.keys(account));
            } catch (CommandException e) {
                unusable = e; // which is no reason to keep back the other methods' keys
                System.err.println(e.getMessage());
                continue;
            }
            for (KeyName key : keys) {
                current.putIfAbsent(key.method(), key);
                System.out.println(Printable.text(account + " " + key.method()));
                System.out.println("  " + key.grouped());
                System.out.println(Printable.text("  trust " + account + " " + key));
            }
        }
        if (current.isEmpty() && unusable != null) {
            throw unusable;
        }
        TrustUri uri = new TrustUri(account, List.copyOf(current.values()));
        System.out.println(uri);
        System.out.print(QrCode.of(uri.toString()));
    }

    private static KeyName key(Arguments arguments) throws CommandException {
        KeyName key;
        try {
            key = new KeyName(arguments.word(1), arguments.from(2));
        } catch (IllegalArgumentException e) {
            throw arguments.wrong(e.getMessage());
        }
        // The SHA-1 that plain peers send in offers is no more than a hint: pinned, it would never match.
        if (key.method().equals("x509") && key.fingerprint().length() != 64) {
            throw arguments.wrong("the fingerprint of a certificate is its SHA-256, 64 hex digits, not "
                    + key.fingerprint().length());
        }
        return key;
    }

    private Map<String, Object> change(Consumer<Map<String, Object>> edit) throws CommandException {
        ConfigurationAdmin present = configurationAdmin;
        if (present == null) {
            throw CommandException.missing("configuration service", "org.apache.felix.configadmin");
        }
        try {
            Configuration configuration = present.getConfiguration(Policy.PID, "?");
            Dictionary<String, Object> stored = configuration.getProperties();
            Map<String, Object> merged = new LinkedHashMap<>();
            if (stored != null) {
                merged.putAll(FrameworkUtil.asMap(stored));
            }
            edit.accept(merged);
            try {
                var unused = Policies.of(merged);
            } catch (IllegalArgumentException e) {
                throw new CommandException(
                        "The stored policy has another bad value, nothing is changed: " + e.getMessage());
            }
            configuration.update(FrameworkUtil.asDictionary(merged));
            return merged;
        } catch (IOException e) {
            throw new CommandException("The policy cannot be stored: " + e.getMessage());
        }
    }

    TrustStore trustStore() throws CommandException {
        TrustStore present = trustStore;
        if (present == null) {
            throw CommandException.missing("trust store", "org.xtls.trust.file");
        }
        return present;
    }
}
