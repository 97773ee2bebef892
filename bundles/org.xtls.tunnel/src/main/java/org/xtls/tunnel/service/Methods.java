package org.xtls.tunnel.service;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.osgi.service.component.ComponentServiceObjects;
import org.xtls.auth.AuthMethod;
import org.xtls.runtime.MethodDTO;
import org.xtls.trust.Policy;

/** The authentication methods that are there, as services say. */
final class Methods {
    private final Map<ServiceReference<AuthMethod>, Provider> providers = new LinkedHashMap<>();

    /**
     * A service that provides a method.
     *
     * @param reference which service
     * @param name the method's name on the wire
     * @param preference its place among methods
     * @param ranking its place among providers of the same method
     * @param objects makes instances
     */
    record Provider(
            ServiceReference<AuthMethod> reference,
            String name,
            int preference,
            int ranking,
            ComponentServiceObjects<AuthMethod> objects) {
        Version version() {
            return reference.getBundle() == null
                    ? Version.emptyVersion
                    : reference.getBundle().getVersion();
        }
    }

    /** Takes a service, or its changed properties; one without a usable name is left out. */
    synchronized Optional<String> put(
            ServiceReference<AuthMethod> reference, ComponentServiceObjects<AuthMethod> objects) {
        Object name = reference.getProperty(AuthMethod.METHOD);
        if (!(name instanceof String text) || !text.matches("[a-z][a-z0-9-]{0,31}")) {
            providers.remove(reference);
            return Optional.empty();
        }
        providers.put(
                reference,
                new Provider(
                        reference,
                        text,
                        number(reference.getProperty(AuthMethod.PREFERENCE)),
                        number(reference.getProperty(Constants.SERVICE_RANKING)),
                        objects));
        return Optional.of(text);
    }

    synchronized void remove(ServiceReference<AuthMethod> reference) {
        providers.remove(reference);
    }

    /** As {@link #serving()}, as far as policy allows, and in its order. */
    List<Provider> serving(Policy policy) {
        List<Provider> serving = new ArrayList<>(serving());
        serving.removeIf(provider -> !policy.allows(provider.name));
        List<String> prefer = policy.prefer();
        serving.sort(Comparator.comparingInt(provider -> {
            int place = prefer.indexOf(provider.name);
            return place < 0 ? prefer.size() : place;
        }));
        return serving;
    }

    /** One provider for each method, the preferred method first. */
    synchronized List<Provider> serving() {
        // Plain service order would let the older of two versions win a tie.
        Comparator<Provider> best = Comparator.comparingInt(Provider::ranking)
                .thenComparing(Provider::version)
                .thenComparing(Provider::reference);
        Map<String, Provider> byName = new LinkedHashMap<>();
        for (Provider provider : providers.values()) {
            byName.merge(provider.name, provider, (a, b) -> best.compare(a, b) >= 0 ? a : b);
        }
        List<Provider> serving = new ArrayList<>(byName.values());
        serving.sort(Comparator.comparingInt(Provider::preference).reversed().thenComparing(Provider::name));
        return serving;
    }

    List<MethodDTO> describe() {
        return serving().stream()
                .map(provider -> {
                    MethodDTO dto = new MethodDTO();
                    dto.name = provider.name;
                    dto.preference = provider.preference;
                    dto.serviceId = (Long) provider.reference.getProperty(Constants.SERVICE_ID);
                    dto.bundle = provider.reference.getBundle() == null
                            ? ""
                            : provider.reference.getBundle().getSymbolicName();
                    dto.version = provider.version().toString();
                    return dto;
                })
                .toList();
    }

    private static int number(Object property) {
        return property instanceof Integer number ? number : 0;
    }
}
