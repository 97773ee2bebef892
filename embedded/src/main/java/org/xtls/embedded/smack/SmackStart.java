package org.xtls.embedded.smack;

import org.jivesoftware.smack.Smack;
import org.jivesoftware.smackx.disco.ServiceDiscoveryManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Smack's own start, which it makes once, whoever is the first to need it. */
public final class SmackStart {
    private static final Logger LOG = LoggerFactory.getLogger(SmackStart.class);

    private SmackStart() {}

    /**
     * Smack reads resources of its own through the context class loader, and the threads that it starts meanwhile keep
     * that loader for ever: so let it be Smack's. Only its DNS resolver needs the JDK's.
     */
    public static void initialize() {
        Thread thread = Thread.currentThread();
        ClassLoader callers = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
            load("org.jivesoftware.smack.util.dns.javax.JavaxResolver");
            thread.setContextClassLoader(ServiceDiscoveryManager.class.getClassLoader());
            Smack.ensureInitialized();
            load("org.jivesoftware.smack.AbstractXMPPConnection");
        } finally {
            thread.setContextClassLoader(callers);
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name, true, Smack.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            LOG.debug("This Smack has no {}", name);
        }
    }
}
