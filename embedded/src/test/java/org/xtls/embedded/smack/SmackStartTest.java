package org.xtls.embedded.smack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jivesoftware.smack.SmackConfiguration;
import org.junit.jupiter.api.Test;

class SmackStartTest {
    /** Once in a JVM: so there is one test. */
    @Test
    void smack_starts_without_a_look_at_the_callers_class_loader_and_keeps_nothing_of_it() {
        Callers callers = new Callers(getClass().getClassLoader());
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Thread thread = Thread.currentThread();
        ClassLoader own = thread.getContextClassLoader();
        thread.setContextClassLoader(callers);
        try {
            SmackStart.initialize();
            assertSame(callers, thread.getContextClassLoader());
        } finally {
            thread.setContextClassLoader(own);
        }
        assertTrue(SmackConfiguration.isSmackInitialized());
        assertEquals(List.of(), List.copyOf(callers.asked));
        List<Thread> started = Thread.getAllStackTraces().keySet().stream()
                .filter(other -> !before.contains(other))
                .toList();
        assertFalse(started.isEmpty(), "Smack starts no thread any more: then this need not be looked at");
        for (Thread other : started) {
            assertFalse(other.getContextClassLoader() == callers, other + " has the caller's class loader");
        }
    }

    /** Notes what it is asked for. */
    private static final class Callers extends ClassLoader {
        private final Queue<String> asked = new ConcurrentLinkedQueue<>();

        Callers(ClassLoader parent) {
            super(parent);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            asked.add(name);
            return super.loadClass(name, resolve);
        }

        @Override
        public URL getResource(String name) {
            asked.add(name);
            return null;
        }

        @Override
        public Enumeration<URL> getResources(String name) {
            asked.add(name);
            return Collections.emptyEnumeration();
        }
    }
}
