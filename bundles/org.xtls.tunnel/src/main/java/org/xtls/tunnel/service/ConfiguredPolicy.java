package org.xtls.tunnel.service;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.trust.Policies;
import org.xtls.trust.Policy;

/** The policies in force: the last sound ones that were configured. There are none before the first. */
@Component(service = ConfiguredPolicy.class, configurationPid = Policy.PID)
@Designate(ocd = PolicySettings.class)
public final class ConfiguredPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredPolicy.class);

    private final List<Runnable> observers = new CopyOnWriteArrayList<>();
    private volatile State state;

    /** Policies, or what is wrong with the configuration that there are none. */
    private record State(@Nullable Policies policies, String problem) {}

    /**
     * Starts. A wrong value does not throw: Declarative Services would not try again when it is corrected.
     *
     * @param properties the configuration
     */
    @Activate
    public ConfiguredPolicy(Map<String, Object> properties) {
        state = read(properties);
        if (state.policies == null) {
            LOG.error("no tunnel is made before this is corrected: {}", state.problem);
        }
    }

    @Modified
    void modified(Map<String, Object> properties) {
        State read = read(properties);
        if (read.policies == null && state.policies != null) {
            LOG.error("the new policy is not taken, the old one stays in force: {}", read.problem);
            return;
        }
        state = read;
        if (read.policies == null) {
            LOG.error("no tunnel is made before this is corrected: {}", read.problem);
        } else {
            LOG.info(
                    "the policy is now {}, with {} rules",
                    read.policies.general(),
                    read.policies.rules().size());
        }
        observers.forEach(Runnable::run);
    }

    private static State read(Map<String, Object> properties) {
        try {
            return new State(Policies.of(properties), "");
        } catch (IllegalArgumentException e) {
            return new State(null, "the configuration " + Policy.PID + " is wrong: " + e.getMessage());
        }
    }

    Optional<Policies> get() {
        return Optional.ofNullable(state.policies);
    }

    /** What is wrong, while there is no policy. */
    Optional<String> problem() {
        State now = state;
        return now.policies == null ? Optional.of(now.problem) : Optional.empty();
    }

    void observe(Runnable observer) {
        observers.add(observer);
    }

    void ignore(Runnable observer) {
        observers.remove(observer);
    }
}
