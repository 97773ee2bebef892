package org.xtls.webconsole;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.trust.TrustChange;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustStore;

/** What the page shows, while it is there, and whether it has changed. */
@Component(service = {Observed.class, TrustListener.class})
public final class Observed implements TrustListener {
    /** Services that came and went, and decisions on keys. The runtime's own count begins anew with each of them. */
    private final AtomicLong changes = new AtomicLong();

    private volatile @Nullable XtlsRuntime runtime;
    private volatile @Nullable TrustStore trust;

    Optional<RuntimeDTO> runtime() {
        return Optional.ofNullable(runtime).map(XtlsRuntime::runtime);
    }

    Optional<TrustStore> trust() {
        return Optional.ofNullable(trust);
    }

    /** Another text whenever something has changed that is more than a tunnel's counts. */
    String version(Optional<RuntimeDTO> seen) {
        return changes.get() + "." + seen.map(dto -> dto.changeCount).orElse(0L);
    }

    @Override
    public void changed(TrustChange change) {
        changes.incrementAndGet();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindRuntime(XtlsRuntime added) {
        runtime = added;
        changes.incrementAndGet();
    }

    void unbindRuntime(XtlsRuntime removed) {
        if (runtime == removed) {
            runtime = null;
        }
        changes.incrementAndGet();
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTrust(TrustStore added) {
        trust = added;
        changes.incrementAndGet();
    }

    void unbindTrust(TrustStore removed) {
        if (trust == removed) {
            trust = null;
        }
        changes.incrementAndGet();
    }
}
