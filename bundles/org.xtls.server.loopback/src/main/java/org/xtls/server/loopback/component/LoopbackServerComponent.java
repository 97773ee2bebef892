package org.xtls.server.loopback.component;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.server.loopback.LoopbackServer;

/** Runs one server for each configuration and registers it as a service, so that others learn the port. */
@Component(
        service = {},
        immediate = true,
        configurationPid = LoopbackServerComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = LoopbackServerConfiguration.class, factory = true)
public final class LoopbackServerComponent {

    static final String PID = "org.xtls.server.loopback";

    private final BundleContext context;
    private LoopbackServerConfiguration configuration;
    private Running running;

    /** Starts the server; whatever is wrong with the configuration is thrown. */
    @Activate
    public LoopbackServerComponent(BundleContext context, LoopbackServerConfiguration configuration)
            throws IOException {
        this.context = context;
        this.configuration = configuration;
        running = run(configuration);
    }

    /** Starts the server anew; if the new configuration cannot be had, with the one before. */
    @Modified
    void modified(LoopbackServerConfiguration changed) throws IOException {
        try {
            builder(changed);
        } catch (IllegalArgumentException e) {
            LOG.error("The configuration is refused, the server runs on with the one before: {}", e.getMessage());
            return;
        }
        running.close();
        try {
            running = run(changed);
            configuration = changed;
        } catch (IOException e) {
            LOG.error("The configuration is refused, the server starts with the one before: {}", e.toString());
            running = run(configuration);
        }
    }

    /** Ends the server. */
    @Deactivate
    void deactivate() {
        running.close();
    }

    private Running run(LoopbackServerConfiguration configured) throws IOException {
        TraceFile trace = configured.wiretap().isEmpty() ? null : TraceFile.open(Path.of(configured.wiretap()));
        LoopbackServer.Builder builder = builder(configured);
        if (trace != null) {
            builder.wiretap(trace);
        }
        LoopbackServer server;
        try {
            server = builder.start();
        } catch (IOException e) {
            if (trace != null) {
                trace.close();
            }
            throw e;
        }
        LOG.info("Listening on 127.0.0.1:{}", server.port());
        return new Running(
                server,
                trace,
                context.registerService(
                        LoopbackServer.class, server, FrameworkUtil.asDictionary(Map.of("port", server.port()))));
    }

    private static LoopbackServer.Builder builder(LoopbackServerConfiguration configured) {
        LoopbackServer.Builder builder = LoopbackServer.builder()
                .port(configured.port())
                .everyoneSeesEveryone(configured.everyoneSeesEveryone())
                .stanzaLimit(configured.stanzaLimit());
        for (String domain : configured.domains()) {
            builder.domain(domain);
        }
        for (String user : configured.users()) {
            builder.user(user);
        }
        return builder;
    }

    private record Running(
            LoopbackServer server, @Nullable TraceFile trace, ServiceRegistration<LoopbackServer> service) {

        void close() {
            service.unregister();
            server.close();
            if (trace != null) {
                trace.close();
            }
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(LoopbackServerComponent.class);
}
