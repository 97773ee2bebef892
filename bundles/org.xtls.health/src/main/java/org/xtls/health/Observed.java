package org.xtls.health;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;

/** What the tunnel service says of itself, while there is one. */
@Component(service = Observed.class)
public final class Observed {
    static final String NONE = "There is no tunnel service. Is the bundle org.xtls.tunnel installed and started?";

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable XtlsRuntime service;

    Optional<RuntimeDTO> now() {
        return Optional.ofNullable(service).map(XtlsRuntime::runtime);
    }
}
