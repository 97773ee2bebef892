package org.xtls.tests.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationEvent;
import org.osgi.service.cm.ConfigurationListener;
import org.xtls.BareJid;
import org.xtls.Closure;
import org.xtls.Failure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.Xtls;
import org.xtls.XtlsException;
import org.xtls.auth.OwnKeys;
import org.xtls.password.HeldSecret;
import org.xtls.password.Passwords;
import org.xtls.password.TunnelVerification;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.tests.stage.Actor;
import org.xtls.tests.stage.Event;
import org.xtls.tests.stage.Known;
import org.xtls.tests.stage.Talk;
import org.xtls.transport.Connections;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policies;
import org.xtls.trust.Policy;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustListener;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustStore;

/** Does what a story says, through the api's services alone, as an application would. */
public final class Driver implements BundleActivator, Actor {
    private static final String SETTLED = "org.xtls.tests.settled";
    private static final long A_MINUTE = 60;
    private static final Failure FIRST = Failure.of(Failure.Code.LOCAL, Failure.Fault.NONE, "nobody hears this");

    private BundleContext context;
    private Services services;

    @Override
    public void start(BundleContext bundleContext) {
        context = bundleContext;
        services = new Services(bundleContext);
        // A bundle that is refreshed under an operation loads nothing any more: not even what tells how that ended.
        Boundary.outside(CompletableFuture.failedFuture(new XtlsException(FIRST)), unused -> unused);
        context.registerService(Actor.class, this, null);
    }

    @Override
    public void stop(BundleContext bundleContext) {}

    @Override
    public CompletableFuture<String> connect(String account, String password, int port, String resource, String tls) {
        return services.with(
                Connections.class,
                connections -> Boundary.outside(
                        connections.connect(new Login(
                                BareJid.parse(account),
                                password.toCharArray(),
                                "127.0.0.1",
                                OptionalInt.of(port),
                                resource,
                                ServerTls.parse(tls))),
                        FullJid::toString));
    }

    @Override
    public CompletableFuture<Void> disconnect(String local) {
        return services.with(
                Connections.class,
                connections -> Boundary.outside(connections.disconnect(FullJid.parse(local)), nothing -> nothing));
    }

    @Override
    public String fingerprint(String account) {
        return fingerprints(account, "x509").get(0);
    }

    @Override
    public List<String> fingerprints(String account, String method) {
        return services.all(OwnKeys.class).stream()
                .flatMap(own -> now(own.keys(BareJid.parse(account))).stream())
                .filter(key -> key.method().equals(method))
                .map(KeyName::fingerprint)
                .toList();
    }

    @Override
    public List<Known> known(String peer) {
        return services.with(TrustStore.class, store -> now(store.peer(BareJid.parse(peer)))).keys().stream()
                .map(key -> new Known(
                        key.name().method(),
                        key.name().fingerprint(),
                        key.state().name(),
                        key.evidence()))
                .toList();
    }

    @Override
    public String awaitKnown(String peer, String method, String state) {
        return await(peer, key -> key.method().equals(method) && key.state().equals(state));
    }

    @Override
    public void awaitKey(String peer, String fingerprint, String state) {
        await(peer, key -> key.fingerprint().equals(fingerprint) && key.state().equals(state));
    }

    /** The fingerprint of the first key of a peer that is, or becomes, what is wanted. */
    private String await(String peer, Predicate<Known> wanted) {
        CompletableFuture<String> reached = new CompletableFuture<>();
        TrustListener ear = change -> {
            Known changed = new Known(
                    change.key().method(),
                    change.key().fingerprint(),
                    change.to().name(),
                    change.evidence());
            if (change.peer().toString().equals(peer) && wanted.test(changed)) {
                reached.complete(changed.fingerprint());
            }
        };
        ServiceRegistration<?> listening = context.registerService(TrustListener.class, ear, null);
        try {
            known(peer).stream().filter(wanted).findFirst().ifPresent(key -> reached.complete(key.fingerprint()));
            return reached.get(A_MINUTE, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException("it did not come to that; known is " + known(peer), e);
        } finally {
            listening.unregister();
        }
    }

    @Override
    public void awaitTrust(String local, String peer, String trust) {
        services.await(
                XtlsRuntime.class,
                runtime -> runtime.runtime().tunnels.stream()
                        .anyMatch(tunnel -> tunnel.local.equals(local)
                                && tunnel.peer.equals(peer)
                                && tunnel.trust.equalsIgnoreCase(trust)));
    }

    @Override
    public void trust(String peer, String fingerprint) {
        put(peer, fingerprint, KeyState.VERIFIED);
    }

    @Override
    public void distrust(String peer, String fingerprint) {
        put(peer, fingerprint, KeyState.DISTRUSTED);
    }

    @Override
    public void policy(String key, String value) {
        configure(Policy.PID, Map.of(key, value));
        services.await(
                XtlsRuntime.class,
                runtime -> value.equals(runtime.runtime().policy.get(key)));
    }

    @Override
    public void configure(String pid, Map<String, Object> values) {
        services.with(ConfigurationAdmin.class, admin -> {
            try {
                Configuration configuration = configuration(admin, pid);
                Dictionary<String, Object> properties = new Hashtable<>();
                Dictionary<String, Object> before = configuration.getProperties();
                if (before != null) {
                    for (String key : Collections.list(before.keys())) {
                        properties.put(key, before.get(key));
                    }
                }
                values.forEach((key, value) -> {
                    if (value == null) {
                        properties.remove(key);
                    } else {
                        properties.put(key, value);
                    }
                });
                configuration.update(properties);
                return configuration;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        settle();
    }

    /** Events of configurations are told one after the other: what comes after one has been taken up by all. */
    private void settle() {
        CompletableFuture<Void> told = new CompletableFuture<>();
        ConfigurationListener ear = event -> {
            if (event.getPid().equals(SETTLED) && event.getType() == ConfigurationEvent.CM_UPDATED) {
                told.complete(null);
            }
        };
        ServiceRegistration<?> listening = context.registerService(ConfigurationListener.class, ear, null);
        try {
            services.with(ConfigurationAdmin.class, admin -> {
                try {
                    admin.getConfiguration(SETTLED, "?").update(new Hashtable<>());
                    return admin;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            now(told);
        } finally {
            listening.unregister();
        }
    }

    @Override
    public void rules(String... lines) {
        configure(Policy.PID, Map.of(Policies.RULES, lines));
        String wanted = Policies.of(Map.of(Policies.RULES, lines)).rules().stream()
                .map(Policies.Rule::toString)
                .collect(Collectors.joining("; "));
        services.await(
                XtlsRuntime.class,
                runtime -> wanted.equals(runtime.runtime().policy.getOrDefault(Policies.RULES, "")));
    }

    @Override
    public void unconfigure(String pid) {
        services.with(ConfigurationAdmin.class, admin -> {
            try {
                configuration(admin, pid).delete();
                return pid;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        // Declarative Services take no notice of one that is made again before they have heard of its end.
        settle();
    }

    private static Configuration configuration(ConfigurationAdmin admin, String pid) throws IOException {
        int tilde = pid.indexOf('~');
        return tilde < 0
                ? admin.getConfiguration(pid, "?")
                : admin.getFactoryConfiguration(pid.substring(0, tilde), pid.substring(tilde + 1), "?");
    }

    @Override
    public void awaitLink(String local) {
        services.await(XtlsRuntime.class, runtime -> runtime.runtime().links.contains(local));
    }

    @Override
    public CompletableFuture<Talk> open(String local, String peer) {
        return services.with(
                Xtls.class,
                xtls -> Boundary.outside(xtls.open(FullJid.parse(local), FullJid.parse(peer)), Boundary::talk));
    }

    @Override
    public List<Talk> talks() {
        return services.with(
                Xtls.class, xtls -> xtls.tunnels().stream().map(Boundary::talk).toList());
    }

    @Override
    public void listen(Consumer<Event> listener) {
        context.registerService(TunnelListener.class, new Ear(listener), null);
    }

    @Override
    public Runnable prompt(String answer) {
        return prompt(answer, concern -> {});
    }

    @Override
    public Runnable secret(String answer) {
        SecretPrompt human = question -> CompletableFuture.completedFuture(Optional.of(answer.toCharArray()));
        return context.registerService(SecretPrompt.class, human, null)::unregister;
    }

    @Override
    public Runnable silence(Consumer<String> questions) {
        SecretPrompt human = question -> {
            questions.accept(question.of());
            return new CompletableFuture<>();
        };
        return context.registerService(SecretPrompt.class, human, null)::unregister;
    }

    @Override
    public Runnable prompt(String answer, Consumer<String> concerns) {
        TrustPrompt human = question -> {
            concerns.accept(question.concern());
            return CompletableFuture.completedFuture(TrustAnswer.valueOf(answer));
        };
        return context.registerService(TrustPrompt.class, human, null)::unregister;
    }

    @Override
    public String pair(String account, String peer) {
        return services.with(
                Passwords.class,
                passwords -> new String(now(passwords.pair(BareJid.parse(account), BareJid.parse(peer)))
                        .characters()));
    }

    @Override
    public CompletableFuture<String> enterCode(String account, String peer, String code) {
        return services.with(
                Passwords.class,
                passwords -> Boundary.outside(
                        passwords.enter(BareJid.parse(account), BareJid.parse(peer), code.toCharArray()),
                        Driver::secret));
    }

    @Override
    public void password(String account, String peer, String password, String use) {
        services.with(
                Passwords.class,
                passwords -> now(passwords.set(
                        BareJid.parse(account),
                        BareJid.parse(peer),
                        password.toCharArray(),
                        Passwords.Use.valueOf(use))));
    }

    @Override
    public void forget(String account, String peer) {
        services.with(Passwords.class, passwords -> now(passwords.remove(BareJid.parse(account), BareJid.parse(peer))));
    }

    @Override
    public boolean unlock(String peer) {
        return services.with(Passwords.class, passwords -> now(passwords.unlock(BareJid.parse(peer))));
    }

    @Override
    public List<String> secrets(String account, String peer) {
        return services.with(Passwords.class, passwords -> now(passwords.list())).stream()
                .filter(held -> held.account().toString().equals(account)
                        && held.peer().toString().equals(peer))
                .map(Driver::secret)
                .toList();
    }

    private static String secret(HeldSecret held) {
        return held.kind() + " " + held.guessesLeft();
    }

    @Override
    public CompletableFuture<String> verify(Talk talk) {
        Tunnel tunnel = services.with(
                Xtls.class,
                xtls -> xtls.tunnel(FullJid.parse(talk.local()), FullJid.parse(talk.peer()))
                        .orElseThrow());
        return services.with(
                TunnelVerification.class,
                verification -> Boundary.outside(
                        verification.verify(tunnel),
                        known -> known.key(
                                        Objects.requireNonNull(tunnel.security().key()))
                                .orElseThrow()
                                .state()
                                .name()));
    }

    @Override
    public void stop(String symbolicName) {
        try {
            bundle(symbolicName).stop();
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void start(String symbolicName) {
        try {
            bundle(symbolicName).start();
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    private void put(String peer, String fingerprint, KeyState state) {
        services.with(
                TrustStore.class,
                store -> now(
                        store.put(BareJid.parse(peer), new KeyName("x509", fingerprint), state, "told by the story")));
    }

    private Bundle bundle(String symbolicName) {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
                .findFirst()
                .orElseThrow();
    }

    private static <T> T now(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Takes everything but iqs: what becomes of an iq that no application takes is a story of its own. */
    private record Ear(Consumer<Event> listener) implements TunnelListener {
        @Override
        public void opened(Tunnel tunnel) {
            tell(Event.Kind.OPENED, tunnel, "", "", "");
        }

        @Override
        public boolean received(Tunnel tunnel, Stanza stanza) {
            tell(Event.Kind.RECEIVED, tunnel, stanza.toXml(), "", "");
            return stanza.kind() != Stanza.Kind.IQ;
        }

        @Override
        public void closed(Tunnel tunnel, Closure closure) {
            Failure failure = closure.failure();
            tell(Event.Kind.CLOSED, tunnel, "", failure.code().name(), failure.text());
        }

        @Override
        public void failed(FullJid local, FullJid peer, Failure failure) {
            listener.accept(new Event(
                    Event.Kind.FAILED,
                    local.toString(),
                    peer.toString(),
                    "",
                    failure.code().name(),
                    failure.text()));
        }

        @Override
        public void keyChanged(FullJid local, FullJid peer, KeyName key, KnownPeer known) {
            listener.accept(
                    new Event(Event.Kind.KEY_CHANGED, local.toString(), peer.toString(), "", "", key.toString()));
        }

        private void tell(Event.Kind kind, Tunnel tunnel, String stanza, String code, String message) {
            listener.accept(
                    new Event(kind, tunnel.local().toString(), tunnel.peer().toString(), stanza, code, message));
        }
    }
}
