package org.xtls.tunnel.service;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.trust.Policy;

/** The policy in force. */
@Component(service = ConfiguredPolicy.class, configurationPid = Policy.PID)
@Designate(ocd = PolicySettings.class)
public final class ConfiguredPolicy {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredPolicy.class);

    private final List<Runnable> observers = new CopyOnWriteArrayList<>();
    private volatile Policy policy;

    /**
     * Starts.
     *
     * @param properties the configuration
     * @throws IllegalArgumentException when a value is not one of its key's: there are no tunnels on a wrong policy
     */
    @Activate
    public ConfiguredPolicy(Map<String, Object> properties) {
        policy = Policy.of(properties);
    }

    @Modified
    void modified(Map<String, Object> properties) {
        try {
            policy = Policy.of(properties);
            LOG.info("the policy is now {}", policy);
            observers.forEach(Runnable::run);
        } catch (IllegalArgumentException e) {
            LOG.error("the new policy is not taken, the old one stays in force: {}", e.getMessage());
        }
    }

    Policy get() {
        return policy;
    }

    void observe(Runnable observer) {
        observers.add(observer);
    }

    void ignore(Runnable observer) {
        observers.remove(observer);
    }
}
