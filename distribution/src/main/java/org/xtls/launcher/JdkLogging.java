package org.xtls.launcher;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Leads what is logged to {@code java.util.logging} (Smack does, File Install too) into the container's one log. */
final class JdkLogging {
    private static final String BRIDGE_BUNDLE = "jul.to.slf4j";
    private static final String BRIDGE = "org.slf4j.bridge.SLF4JBridgeHandler";

    private static final Logger root = LogManager.getLogManager().getLogger("");

    private @Nullable Handler bridge;

    /** Until the log is up, only warnings are worth a line on standard error. */
    static void quiet() {
        for (Handler handler : root.getHandlers()) {
            handler.setLevel(Level.WARNING);
        }
    }

    /** Without a bridge among the bundles, logging stays as the JDK has it. */
    void lead(BundleContext context) {
        for (Bundle bundle : context.getBundles()) {
            if (BRIDGE_BUNDLE.equals(bundle.getSymbolicName())) {
                try {
                    bridge = (Handler)
                            bundle.loadClass(BRIDGE).getDeclaredConstructor().newInstance();
                } catch (ReflectiveOperationException e) {
                    System.err.println("xtls: java.util.logging stays apart: " + e);
                    return;
                }
                for (Handler handler : root.getHandlers()) {
                    root.removeHandler(handler);
                }
                root.addHandler(bridge);
                return;
            }
        }
    }

    /** Its classes go with the framework. */
    void letGo() {
        Handler present = bridge;
        if (present != null) {
            root.removeHandler(present);
        }
    }
}
