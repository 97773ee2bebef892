package org.xtls.auth.x509;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.OwnKey;
import org.xtls.auth.OwnKeys;
import org.xtls.auth.x509.IdentityDirectory.Rotation;
import org.xtls.auth.x509.IdentitySources.Misconfigured;
import org.xtls.embedded.threads.Worker;
import org.xtls.trust.KeyName;
import org.xtls.trust.SecretPrompt;

/**
 * The certificates of this side's own accounts. Files are read and keys made in order on one thread, which ends with
 * the component; so one account never gets two keys, however many negotiations ask at once. A human who is asked for
 * what opens a key holds up nobody but those who want that key.
 */
// Immediate: between two negotiations nobody holds it, and it should not start anew for each.
@Component(
        service = {OwnKeys.class, Identities.class},
        immediate = true,
        configurationPid = Identities.PID)
@Designate(ocd = Configuration.class)
public final class Identities implements OwnKeys, AutoCloseable {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.auth.x509";

    private static final Logger LOG = LoggerFactory.getLogger(Identities.class);

    /** A human who does not remember is not asked for ever. */
    private static final int MOST_QUESTIONS = 3;

    private final Worker worker;
    private final Path defaultDirectory;
    private final Clock clock;
    private final Questions questions;
    private volatile IdentitySource source;
    private volatile String passphrase = "";

    /** The identities of a component. Until its configuration makes sense there are none, and the failure says why. */
    @Activate
    public Identities(BundleContext context, Configuration configuration) {
        this(
                defaultDirectory(context),
                Clock.systemUTC(),
                IdentitySources.of(configuration, defaultDirectory(context), "", Clock.systemUTC()));
        if (source instanceof Misconfigured bad) {
            LOG.error("{}", bad.failure().text());
        } else {
            passphrase = orEmpty(configuration._passphrase());
        }
    }

    /**
     * Identities outside of any framework, made on first use.
     *
     * @param directory where they are kept
     */
    public Identities(Path directory) {
        this(directory, Clock.systemUTC());
    }

    Identities(Path directory, Clock clock) {
        this(directory, clock, new IdentityDirectory(directory, clock, Rotation.DEFAULT, "", ""));
    }

    Identities(Path defaultDirectory, Clock clock, IdentitySource source) {
        this.defaultDirectory = defaultDirectory;
        this.clock = clock;
        this.source = source;
        questions = new Questions(clock);
        worker = new Worker(
                "xtls-auth-x509",
                new Failure(
                        Code.SERVICE_GONE,
                        Fault.LOCAL,
                        "The method x509 has been stopped.",
                        "Start the bundle " + PID + " again."));
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindPrompt(SecretPrompt prompt) {
        questions.bind(prompt);
    }

    void unbindPrompt(SecretPrompt prompt) {
        questions.unbind(prompt);
    }

    @Override
    public CompletionStage<List<KeyName>> keys(BareJid account) {
        return found(account, true, 0)
                .thenApply(found -> found.stream().map(Identity::name).toList());
    }

    @Override
    public CompletionStage<List<OwnKey>> held(BareJid account) {
        return worker.submit(() -> {
            try {
                return source.held(account).stream()
                        .map(identity -> new OwnKey(identity.name(), identity.until()))
                        .toList();
            } catch (SecretWanted e) {
                throw new XtlsException(e.unanswered());
            }
        });
    }

    /** The certificate of an own account; fails with {@link org.xtls.XtlsException}. */
    CompletionStage<Identity> of(BareJid account) {
        return all(account).thenApply(found -> found.get(0));
    }

    /** The current certificate of an own account and, where there is one, the next; fails as {@link #of}. */
    CompletionStage<List<Identity>> all(BareJid account) {
        return found(account, false, 0);
    }

    /** Does work with keys that may block for a token. */
    <T> CompletionStage<T> work(Callable<T> step) {
        return worker.submit(step);
    }

    /** Applies a changed configuration. One that makes no sense is reported, and a former one that does stays. */
    @Modified
    void modified(Configuration configuration) {
        IdentitySource changed = IdentitySources.of(configuration, defaultDirectory, passphrase, clock);
        boolean broken = source instanceof Misconfigured;
        if (changed instanceof Misconfigured bad) {
            LOG.error("{}", bad.failure().text());
            if (!broken) {
                return;
            }
        } else {
            passphrase = orEmpty(configuration._passphrase());
            if (broken) {
                LOG.info("configuration {} is in force", PID);
            }
        }
        IdentitySource former = source;
        source = changed;
        questions.cancel();
        closeInTurn(former);
    }

    /** Ends the thread. What was asked before is done first. */
    @Override
    @Deactivate
    public void close() {
        questions.close();
        closeInTurn(source);
        worker.close();
    }

    private CompletionStage<List<Identity>> found(BareJid account, boolean insist, int asked) {
        CompletableFuture<List<Identity>> result = new CompletableFuture<>();
        worker.submit(() -> look(account)).whenComplete((found, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            SecretWanted wanted = found.wanted;
            if (wanted == null) {
                result.complete(found.identities);
                return;
            }
            if (asked == MOST_QUESTIONS) {
                result.completeExceptionally(new XtlsException(wanted.unanswered()));
                return;
            }
            questions
                    .ask(
                            wanted.question(),
                            insist,
                            secret -> found.source.answer(wanted.question().of(), secret))
                    .whenComplete((answered, none) -> {
                        if (answered != null && answered) {
                            found(account, insist, asked + 1).whenComplete((value, why) -> {
                                if (why == null) {
                                    result.complete(value);
                                } else {
                                    result.completeExceptionally(why);
                                }
                            });
                        } else {
                            result.completeExceptionally(new XtlsException(wanted.unanswered()));
                        }
                    });
        });
        return result;
    }

    private Found look(BareJid account) throws XtlsException {
        IdentitySource now = source;
        try {
            return new Found(now, now.identities(account), null);
        } catch (SecretWanted e) {
            return new Found(now, List.of(), e);
        }
    }

    private void closeInTurn(IdentitySource former) {
        worker.run(former::close);
    }

    private static Path defaultDirectory(BundleContext context) {
        String home = context.getProperty("xtls.home");
        return home == null || home.isBlank()
                ? context.getDataFile("identity").toPath()
                : Path.of(home).resolve("identity");
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }

    /** What a source held; or what it has to be told first. */
    private record Found(
            IdentitySource source,
            List<Identity> identities,
            @Nullable SecretWanted wanted) {}
}
