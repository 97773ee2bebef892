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
import org.xtls.trust.Policy;

/** The policy in force: the last sound one that was configured. There is none before the first. */
@Component(service = ConfiguredPolicy.class, configurationPid = Policy.PID)
@Designate(ocd = PolicySettings.class)
public final class ConfiguredPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredPolicy.class);

    private final List<Runnable> observers = new CopyOnWriteArrayList<>();
    private volatile State state;

    /** A policy, or what is wrong with the configuration that there is none. */
    private record State(@Nullable Policy policy, String problem) {}

    /**
     * Starts. A wrong value does not throw: Declarative Services would not try again when it is corrected.
     *
     * @param properties the configuration
     */
    @Activate
    public ConfiguredPolicy(Map<String, Object> properties) {
        state = read(properties);
        if (state.policy == null) {
            LOG.error("no tunnel is made before this is corrected: {}", state.problem);
        }
    }

    @Modified
    void modified(Map<String, Object> properties) {
        State read = read(properties);
        if (read.policy == null && state.policy != null) {
            LOG.error("the new policy is not taken, the old one stays in force: {}", read.problem);
            return;
        }
        state = read;
        if (read.policy == null) {
            LOG.error("no tunnel is made before this is corrected: {}", read.problem);
        } else {
            LOG.info("the policy is now {}", read.policy);
        }
        observers.forEach(Runnable::run);
    }

    private static State read(Map<String, Object> properties) {
        try {
            return new State(Policy.of(properties), "");
        } catch (IllegalArgumentException e) {
            return new State(null, "the configuration " + Policy.PID + " is wrong: " + e.getMessage());
        }
    }

    Optional<Policy> get() {
        return Optional.ofNullable(state.policy);
    }

    /** What is wrong, while there is no policy. */
    Optional<String> problem() {
        State now = state;
        return now.policy == null ? Optional.of(now.problem) : Optional.empty();
    }

    void observe(Runnable observer) {
        observers.add(observer);
    }

    void ignore(Runnable observer) {
        observers.remove(observer);
    }
}
