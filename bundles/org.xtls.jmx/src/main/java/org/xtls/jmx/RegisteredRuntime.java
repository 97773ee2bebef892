package org.xtls.jmx;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.runtime.XtlsRuntime;

/** The MXBean, in the platform's MBean server for as long as the bundle is active. */
@Component(
        service = {},
        immediate = true)
public final class RegisteredRuntime implements XtlsMXBean {
    private static final String NAME = "org.xtls:type=Runtime";

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final ObjectName name;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable XtlsRuntime runtime;

    /**
     * Registers.
     *
     * @param context the bundle's
     * @throws JMException when the MBean server refuses
     */
    @Activate
    public RegisteredRuntime(BundleContext context) throws JMException {
        name = register(context.getProperty(Constants.FRAMEWORK_UUID));
    }

    /** Under a name of its own where another container in this JVM has taken the usual one. */
    private ObjectName register(String framework) throws JMException {
        try {
            return server.registerMBean(this, new ObjectName(NAME)).getObjectName();
        } catch (InstanceAlreadyExistsException e) {
            return server.registerMBean(this, new ObjectName(NAME + ",framework=" + framework))
                    .getObjectName();
        }
    }

    @Deactivate
    void deactivate() throws JMException {
        try {
            server.unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            // Somebody else has done so: that is what was wanted.
        }
    }

    private RuntimeDTO now() {
        XtlsRuntime present = runtime;
        if (present != null) {
            return present.runtime();
        }
        RuntimeDTO none = new RuntimeDTO();
        none.missing = List.of("tunnel service");
        return none;
    }

    @Override
    public boolean isReady() {
        RuntimeDTO now = now();
        return now.missing.isEmpty() && !now.links.isEmpty();
    }

    @Override
    public List<String> getMissing() {
        return now().missing;
    }

    @Override
    public List<String> getLinks() {
        return now().links;
    }

    @Override
    public List<String> getMethods() {
        return now().methods.stream().map(method -> method.name).distinct().toList();
    }

    @Override
    public int getTunnels() {
        return (int) now().tunnels.stream().filter(RegisteredRuntime::isUp).count();
    }

    @Override
    public Map<String, Integer> getTunnelsByState() {
        return tunnels(tunnel -> true, tunnel -> tunnel.state);
    }

    @Override
    public Map<String, Integer> getTunnelsByMethod() {
        return tunnels(RegisteredRuntime::isUp, tunnel -> tunnel.method);
    }

    private Map<String, Integer> tunnels(Predicate<TunnelDTO> which, Function<TunnelDTO, String> kind) {
        Map<String, Integer> tunnels = new TreeMap<>();
        now().tunnels.stream().filter(which).forEach(tunnel -> tunnels.merge(kind.apply(tunnel), 1, Integer::sum));
        return tunnels;
    }

    /** One that is renewed carries stanzas meanwhile; one that is closing carries none. */
    private static boolean isUp(TunnelDTO tunnel) {
        return tunnel.state.equals("open") || tunnel.state.equals("renewing");
    }

    @Override
    public long getHandshakes() {
        return sum(getHandshakesByMethod());
    }

    @Override
    public Map<String, Long> getHandshakesByMethod() {
        return now().counts.handshakes;
    }

    @Override
    public long getFailures() {
        return sum(getFailuresByReason());
    }

    @Override
    public Map<String, Long> getFailuresByReason() {
        return now().counts.failures;
    }

    @Override
    public Map<String, Long> getClosuresByReason() {
        return now().counts.closures;
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public long getBytesSent() {
        return now().counts.bytesSent;
    }

    @Override
    public long getBytesReceived() {
        return now().counts.bytesReceived;
    }

    @Override
    public long getChangeCount() {
        return now().changeCount;
    }
}
