package org.xtls.tests.container;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.inject.Inject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.xtls.Xtls;
import org.xtls.auth.OwnKeys;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.tls.TlsEngine;
import org.xtls.transport.Connections;
import org.xtls.trust.TrustStore;

/** Inside a framework: our bundles resolve, start, and find each other through Declarative Services alone. */
@ExtendWith(PaxExam.class)
public class ComponentsTest {
    @Inject
    private BundleContext context;

    @Inject
    private ServiceComponentRuntime components;

    @Inject
    private Xtls xtls;

    @Inject
    private XtlsRuntime runtime;

    @Inject
    private TlsEngine engine;

    @Inject
    private TrustStore trust;

    @Inject
    private OwnKeys ownKeys;

    @Inject
    private Connections connections;

    @Configuration
    public static Option[] framework() {
        return Contents.all(Contents.componentRuntime(), Contents.libraries(), Contents.ours());
    }

    @Test
    public void every_bundle_is_active() {
        List<String> others = new ArrayList<>();
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getState() != Bundle.ACTIVE && bundle.getHeaders().get("Fragment-Host") == null) {
                others.add(bundle.getSymbolicName() + " in state " + bundle.getState());
            }
        }
        assertEquals(List.of(), others);
    }

    @Test
    public void no_component_of_ours_lacks_a_reference_or_failed() {
        List<String> wrong = new ArrayList<>();
        int satisfied = 0;
        for (ComponentDescriptionDTO description : components.getComponentDescriptionDTOs()) {
            if (!description.bundle.symbolicName.startsWith("org.xtls.")) {
                continue;
            }
            for (ComponentConfigurationDTO configured : components.getComponentConfigurationDTOs(description)) {
                if (configured.state == ComponentConfigurationDTO.ACTIVE
                        || configured.state == ComponentConfigurationDTO.SATISFIED) {
                    satisfied++;
                } else {
                    wrong.add(description.name + " in state " + configured.state + " lacks "
                            + Arrays.toString(configured.unsatisfiedReferences) + " " + configured.failure);
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(satisfied >= 6, "only " + satisfied + " components");
    }

    @Test
    public void the_runtime_misses_nothing_and_lists_the_method() {
        RuntimeDTO now = runtime.runtime();
        assertEquals(List.of(), now.missing);
        assertEquals(
                List.of("x509"), now.methods.stream().map(method -> method.name).toList());
        assertEquals(List.of(), now.tunnels);
        assertEquals("ask", now.policy.get("first-use"));
    }

    @Test
    public void no_class_of_an_api_package_comes_from_elsewhere_than_the_api_bundle() {
        for (Class<?> contract :
                List.of(Xtls.class, TlsEngine.class, TrustStore.class, Connections.class, OwnKeys.class)) {
            assertEquals(
                    "org.xtls.api",
                    org.osgi.framework.FrameworkUtil.getBundle(contract).getSymbolicName());
        }
    }
}
