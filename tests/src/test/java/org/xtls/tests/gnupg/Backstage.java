package org.xtls.tests.gnupg;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

/**
 * What stories of OpenPGP ask of a framework beyond what an actor does. The api's types are another class loader's, so
 * its services are spoken to by reflection, in the name of the driver bundle.
 */
public final class Backstage {
    private static final long PATIENCE_SECONDS = 20;

    private final Bundle driver;

    /** With the bundle that acts in the framework. */
    public Backstage(Bundle driver) {
        this.driver = driver;
    }

    /** Pins a peer's OpenPGP certificate as verified. */
    public void pins(String peer, String fingerprint) {
        put(peer, fingerprint, "VERIFIED");
    }

    private void put(String peer, String fingerprint, String state) {
        BundleContext context = driver.getBundleContext();
        ServiceReference<?> reference = context.getServiceReference("org.xtls.trust.TrustStore");
        try {
            Object store = context.getService(reference);
            Class<?> keyState = type("org.xtls.trust.KeyState");
            Class<?> keyName = type("org.xtls.trust.KeyName");
            Class<?> bareJid = type("org.xtls.BareJid");
            Method put = type("org.xtls.trust.TrustStore").getMethod("put", bareJid, keyName, keyState, String.class);
            Object stored = put.invoke(
                    store,
                    bareJid.getMethod("parse", String.class).invoke(null, peer),
                    keyName.getConstructor(String.class, String.class).newInstance("openpgp", fingerprint),
                    constant(keyState, state),
                    "told by the story");
            ((CompletionStage<?>) stored).toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ReflectiveOperationException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            context.ungetService(reference);
        }
    }

    /** Has a human at hand who is asked about keys, and takes his time. */
    public Human trustHuman() {
        return new Human("org.xtls.trust.TrustPrompt");
    }

    /** Has a human at hand who is asked for secrets, and takes his time. */
    public Human secretHuman() {
        return new Human("org.xtls.trust.SecretPrompt");
    }

    private Class<?> type(String name) {
        try {
            return driver.loadClass(name);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static Object constant(Class<?> enumeration, String name) {
        for (Object constant : enumeration.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        throw new AssertionError(name);
    }

    /** Somebody who hears questions and answers when the story says so, until he leaves. */
    public final class Human implements AutoCloseable {
        private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
        private final ServiceRegistration<?> registration;

        private Human(String prompt) {
            Class<?> type = type(prompt);
            Object proxy =
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
                        switch (method.getName()) {
                            case "ask" -> {
                                CompletableFuture<Object> answer = new CompletableFuture<>();
                                asked.add(new Asked(args[0].toString(), answer));
                                return answer;
                            }
                            case "equals" -> {
                                return self == args[0];
                            }
                            case "hashCode" -> {
                                return System.identityHashCode(self);
                            }
                            default -> {
                                return "a human";
                            }
                        }
                    });
            registration = driver.getBundleContext().registerService(prompt, proxy, null);
        }

        /** The next question; waits for it. */
        public Asked next() {
            try {
                Asked next = asked.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new AssertionError("nothing was asked");
                }
                return next;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }

        /** How many questions nobody has looked at. */
        public int more() {
            return asked.size();
        }

        @Override
        public void close() {
            registration.unregister();
        }
    }

    /** A question. */
    public final class Asked {
        private final String question;
        private final CompletableFuture<Object> answer;

        private Asked(String question, CompletableFuture<Object> answer) {
            this.question = question;
            this.answer = answer;
        }

        /** Its text, for looking into. */
        public String question() {
            return question;
        }

        /** Decides on a key with a name of {@code TrustAnswer}. */
        public void decides(String name) {
            answer.complete(constant(type("org.xtls.trust.TrustAnswer"), name));
        }

        /** Tells a secret. */
        public void tells(String secret) {
            answer.complete(Optional.of(secret.toCharArray()));
        }
    }
}
