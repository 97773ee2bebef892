package org.xtls.auth.x509;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.embedded.threads.Worker;

/**
 * The CAs whose word on peers' certificates counts. Files are read and paths validated in order on one thread, which ends
 * with the component: signatures and large CRLs take time that no tunnel should wait for.
 */
// Immediate: between two negotiations nobody holds it, and it should not read its files anew for each.
@Component(service = CertificationAuthorities.class, immediate = true, configurationPid = CertificationAuthorities.PID)
@Designate(ocd = TrustConfiguration.class)
public final class CertificationAuthorities implements AutoCloseable {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.auth.x509.trust";

    private static final Logger LOG = LoggerFactory.getLogger(CertificationAuthorities.class);

    private final @Nullable Worker worker;
    private volatile Source source;

    /** The CAs of a component. Until its configuration makes sense nobody is judged, and the failure says why. */
    @Activate
    public CertificationAuthorities(TrustConfiguration configuration) {
        this(source(configuration), worker());
        if (source instanceof Misconfigured bad) {
            LOG.error("{}", bad.failure.text());
        }
    }

    /**
     * CAs outside of any framework.
     *
     * @param anchors each {@code DOMAINS=PATH} or {@code PATH}, as in the configuration
     * @param crls paths of CRLs
     * @param revocation {@code off}, {@code soft} or {@code hard}
     * @throws IllegalArgumentException when one makes no sense; the message says why
     */
    public CertificationAuthorities(List<String> anchors, List<String> crls, String revocation) {
        this(TrustSettings.of(anchors, crls, List.of(), revocation));
    }

    CertificationAuthorities(TrustSettings settings) {
        this(new TrustFiles(settings)::current, worker());
    }

    private CertificationAuthorities(Source source, @Nullable Worker worker) {
        this.source = source;
        this.worker = worker;
    }

    /** No CA is trusted: nothing to read, and no thread. */
    static CertificationAuthorities none() {
        return new CertificationAuthorities(new TrustFiles(TrustSettings.NONE)::current, null);
    }

    /** What is asked of the CAs. */
    interface Question<T> {
        T of(Authorities authorities) throws XtlsException;
    }

    /**
     * Asks, unless nobody wants to know any more when its turn comes.
     *
     * @param wanted done when nobody does
     * @return the answer; fails with {@link XtlsException} when the configuration or a file of it cannot be used
     */
    <T> CompletionStage<T> ask(Future<?> wanted, Question<T> question) {
        Callable<T> step = () -> {
            if (wanted.isDone()) {
                throw new CancellationException();
            }
            return question.of(source.current());
        };
        return worker == null ? now(step) : worker.submit(step);
    }

    /** Applies a changed configuration. One that makes no sense is reported, and a former one that does stays. */
    @Modified
    void modified(TrustConfiguration configuration) {
        Source changed = source(configuration);
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
        if (worker != null) {
            worker.close();
        }
    }

    private static <T> CompletionStage<T> now(Callable<T> step) {
        try {
            return CompletableFuture.completedStage(step.call());
        } catch (Exception e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private static Worker worker() {
        return new Worker(
                "xtls-auth-x509-trust",
                new Failure(
                        Code.SERVICE_GONE,
                        Fault.LOCAL,
                        "The method x509 has been stopped.",
                        "Start the bundle org.xtls.auth.x509 again."));
    }

    private static Source source(TrustConfiguration configuration) {
        try {
            return new TrustFiles(TrustSettings.of(configuration))::current;
        } catch (RuntimeException e) {
            // Ours, or what Declarative Services throw for a value that they cannot turn into the attribute's type.
            return new Misconfigured(new Failure(
                    Code.LOCAL, Fault.LOCAL, "configuration " + PID + ": " + e.getMessage() + ".", "Correct it."));
        }
    }

    private interface Source {
        Authorities current() throws XtlsException;
    }

    /** Never none instead: a bound peer would be a stranger, and a revoked certificate a good one. */
    private record Misconfigured(Failure failure) implements Source {
        @Override
        public Authorities current() throws XtlsException {
            throw new XtlsException(failure);
        }
    }
}
