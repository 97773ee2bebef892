package org.xtls.server.loopback.component;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Capability;
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

/**
 * Runs one server for each configuration and registers it as a service, so that others learn the port. Nothing listens
 * before the configuration makes sense.
 */
@Component(
        service = {},
        immediate = true,
        configurationPid = LoopbackServerComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = LoopbackServerConfiguration.class, factory = true)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>='org.xtls.server.loopback.LoopbackServer'",
        uses = LoopbackServer.class,
        effective = "active")
public final class LoopbackServerComponent {

    static final String PID = "org.xtls.server.loopback";

    private final BundleContext context;
    private @Nullable Settings settings;
    private @Nullable Running running;

    /**
     * Starts the server. A wrong value does not throw: Declarative Services would not try again when it is corrected.
     *
     * @param configuration the configuration
     * @param properties the same untyped, for its name
     */
    @Activate
    public LoopbackServerComponent(
            BundleContext context, LoopbackServerConfiguration configuration, Map<String, Object> properties) {
        this.context = context;
        modified(configuration, properties);
    }

    /** Starts the server anew; if the new configuration cannot be had, with the one before. */
    @Modified
    synchronized void modified(LoopbackServerConfiguration changed, Map<String, Object> properties) {
        String pid = String.valueOf(properties.getOrDefault("service.pid", PID));
        Settings wanted;
        try {
            wanted = Settings.of(changed);
        } catch (IllegalArgumentException e) {
            LOG.error("configuration {}: {}. {}", pid, e.getMessage(), stays());
            return;
        }
        deactivate();
        try {
            running = run(wanted);
            settings = wanted;
        } catch (IOException e) {
            LOG.error("configuration {} cannot be had: {}. {}", pid, e.toString(), stays());
            back();
        }
    }

    private String stays() {
        return settings == null ? "Nothing listens." : "The server runs on with the one before.";
    }

    private void back() {
        Settings before = settings;
        if (before == null) {
            return;
        }
        try {
            running = run(before);
        } catch (IOException e) {
            LOG.error("The one before cannot be had any more either: {}. Nothing listens.", e.toString());
        }
    }

    /** Ends the server. */
    @Deactivate
    synchronized void deactivate() {
        if (running != null) {
            running.close();
            running = null;
        }
    }

    private Running run(Settings wanted) throws IOException {
        TraceFile trace = wanted.wiretap == null ? null : TraceFile.open(wanted.wiretap);
        if (trace != null) {
            wanted.builder.wiretap(trace);
        }
        LoopbackServer server;
        try {
            server = wanted.builder.start();
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

    /** The configuration, checked. */
    private record Settings(
            LoopbackServer.Builder builder, @Nullable Path wiretap) {
        static Settings of(LoopbackServerConfiguration configured) {
            LoopbackServer.Builder builder = LoopbackServer.builder();
            checked("port", () -> builder.port(configured.port()));
            checked("domains", () -> {
                for (String domain : configured.domains()) {
                    builder.domain(domain);
                }
            });
            checked("users", () -> {
                for (String user : configured.users()) {
                    builder.user(user);
                }
            });
            checked(
                    "everyoneSeesEveryone",
                    () -> builder.everyoneSeesEveryone(truth(configured.everyoneSeesEveryone())));
            checked("stanzaLimit", () -> builder.stanzaLimit(configured.stanzaLimit()));
            return new Settings(builder, path(configured.wiretap()));
        }

        private static void checked(String attribute, Runnable taken) {
            try {
                taken.run();
            } catch (RuntimeException e) {
                // Ours, or what Declarative Services throw for a value that they cannot turn into the attribute's type.
                throw new IllegalArgumentException(attribute + ": " + e.getMessage(), e);
            }
        }

        private static boolean truth(String word) {
            if (!word.equalsIgnoreCase("true") && !word.equalsIgnoreCase("false")) {
                throw new IllegalArgumentException("'" + word + "' is neither true nor false");
            }
            return Boolean.parseBoolean(word);
        }

        private static @Nullable Path path(String wiretap) {
            try {
                return wiretap.isEmpty() ? null : Path.of(wiretap);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("wiretap: '" + wiretap + "' is no path", e);
            }
        }
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
