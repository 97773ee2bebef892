package org.xtls.auth.x509;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.OwnKeys;
import org.xtls.trust.KeyName;

/**
 * The certificates of this side's own accounts. Files are read and keys made in order on one thread, which ends with
 * the component; so one account never gets two keys, however many negotiations ask at once.
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

    private final Worker worker;
    private final Path defaultDirectory;
    private final Clock clock;
    private volatile IdentitySource source;

    /** The identities of a component. Until its configuration makes sense there are none, and the failure says why. */
    @Activate
    public Identities(BundleContext context, Configuration configuration) {
        this(
                defaultDirectory(context),
                Clock.systemUTC(),
                source(configuration, defaultDirectory(context), Clock.systemUTC()));
        if (source instanceof Misconfigured bad) {
            LOG.error("{}", bad.failure.text());
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
        this(directory, clock, new IdentityDirectory(directory, clock));
    }

    Identities(Path defaultDirectory, Clock clock, IdentitySource source) {
        this.defaultDirectory = defaultDirectory;
        this.clock = clock;
        this.source = source;
        worker = new Worker(
                "xtls-auth-x509",
                new Failure(
                        Code.SERVICE_GONE,
                        Fault.LOCAL,
                        "The method x509 has been stopped.",
                        "Start the bundle " + PID + " again."));
    }

    @Override
    public CompletionStage<List<KeyName>> keys(BareJid account) {
        return of(account).thenApply(identity -> List.of(identity.name()));
    }

    /** The certificate of an own account; fails with {@link org.xtls.XtlsException}. */
    CompletionStage<Identity> of(BareJid account) {
        return worker.submit(() -> source.identity(account));
    }

    /** Applies a changed configuration. One that makes no sense is reported, and a former one that does stays. */
    @Modified
    void modified(Configuration configuration) {
        IdentitySource changed = source(configuration, defaultDirectory, clock);
        boolean broken = source instanceof Misconfigured;
        if (changed instanceof Misconfigured bad) {
            LOG.error("{}", bad.failure.text());
            if (!broken) {
                return;
            }
        } else if (broken) {
            LOG.info("configuration {} is in force", PID);
        }
        source = changed;
    }

    /** Ends the thread. What was asked before is done first. */
    @Override
    @Deactivate
    public void close() {
        worker.close();
    }

    private static IdentitySource source(Configuration configuration, Path defaultDirectory, Clock clock) {
        try {
            if (!isBlank(configuration.keystore())) {
                return new ConfiguredKeyStore(
                        path("keystore", configuration.keystore()),
                        orEmpty(configuration._keystore_password()),
                        orEmpty(configuration.keystore_alias()),
                        clock);
            }
            return new IdentityDirectory(
                    isBlank(configuration.directory())
                            ? defaultDirectory
                            : path("directory", configuration.directory()),
                    clock);
        } catch (RuntimeException e) {
            // Ours, or what Declarative Services throw for a value that they cannot turn into the attribute's type.
            return new Misconfigured(new Failure(
                    Code.LOCAL, Fault.LOCAL, "configuration " + PID + ": " + e.getMessage() + ".", "Correct it."));
        }
    }

    private static Path path(String attribute, String value) {
        try {
            return Path.of(value).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(attribute + ": '" + value + "' is no path", e);
        }
    }

    private static Path defaultDirectory(BundleContext context) {
        String home = context.getProperty("xtls.home");
        return home == null || home.isBlank()
                ? context.getDataFile("identity").toPath()
                : Path.of(home).resolve("identity");
    }

    private static boolean isBlank(@Nullable String value) {
        return value == null || value.isBlank();
    }

    private static String orEmpty(@Nullable String value) {
        return value == null ? "" : value;
    }

    /** Never the default's place: an account would appear under another key than the one it was given. */
    private record Misconfigured(Failure failure) implements IdentitySource {
        @Override
        public Identity identity(BareJid account) throws XtlsException {
            throw new XtlsException(failure);
        }
    }
}
