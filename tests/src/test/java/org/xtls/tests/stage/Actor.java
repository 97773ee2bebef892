package org.xtls.tests.stage;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What a story can ask of one container. Futures fail with {@link Refusal}. */
public interface Actor {
    /** Logs in on 127.0.0.1, {@code tls} as the shell takes it; the result is the bound full JID. */
    CompletableFuture<String> connect(String account, String password, int port, String resource, String tls);

    /** Logs out. */
    CompletableFuture<Void> disconnect(String local);

    /** SHA-256 of the own certificate of an account, made now when there is none. */
    String fingerprint(String account);

    /** The names of the own keys of an account by one method, the current first. */
    List<String> fingerprints(String account, String method);

    /** What is known of a peer's keys. */
    List<Known> known(String peer);

    /** Returns when a key of a peer by this method has come to a state, with the fingerprint of the first such. */
    String awaitKnown(String peer, String method, String state);

    /** Returns when this key of a peer has come to a state. */
    void awaitKey(String peer, String fingerprint, String state);

    /** Returns when a tunnel with a peer is open and has this trust. */
    void awaitTrust(String local, String peer, String trust);

    /** Pins a peer's certificate as verified. */
    void trust(String peer, String fingerprint);

    /** Marks a peer's certificate as not to be taken. */
    void distrust(String peer, String fingerprint);

    /** Sets a policy value by configuration, and returns when it is in force. */
    void policy(String key, String value);

    /** Sets values in the configuration of a component, {@code PID~NAME} for one of a factory; null removes one. */
    void configure(String pid, Map<String, Object> values);

    /** Sets the rules of the policy, and returns when they are in force. */
    void rules(String... lines);

    /** Deletes a configuration. */
    void unconfigure(String pid);

    /** Returns when an own address is connected. */
    void awaitLink(String local);

    /** Opens a tunnel. */
    CompletableFuture<Talk> open(String local, String peer);

    /** The tunnels that are open. */
    List<Talk> talks();

    /** Tells everything that tunnel listeners hear, from now on. */
    void listen(Consumer<Event> listener);

    /** Has a human at hand, who answers every trust question with a name of {@code TrustAnswer}, until he leaves. */
    Runnable prompt(String answer);

    /** The same, and tells what concern each question came with. */
    Runnable prompt(String answer, Consumer<String> concerns);

    /** Has a human at hand, who gives this answer to every question for a secret, until he leaves. */
    Runnable secret(String answer);

    /** Has a human at hand, who does not answer questions for a secret; tells for what each is, until he leaves. */
    Runnable silence(Consumer<String> questions);

    /** Makes a pairing code for a peer. */
    String pair(String account, String peer);

    /** Takes a pairing code that a peer made. */
    CompletableFuture<String> enterCode(String account, String peer, String code);

    /** Keeps a password for a peer; the use is a name of {@code Passwords.Use}. */
    void password(String account, String peer, String password, String use);

    /** Forgets what is kept for a peer. */
    void forget(String account, String peer);

    /** Unlocks a peer's passwords; whether any guess had been spent. */
    boolean unlock(String peer);

    /** What is held for a peer: the kind and how many guesses are left, such as {@code PASSWORD 5}. */
    List<String> secrets(String account, String peer);

    /** Verifies an open tunnel by a secret; gives the state of the key that it stands on. */
    CompletableFuture<String> verify(Talk talk);

    /** Stops a bundle. */
    void stop(String symbolicName);

    /** Starts a bundle. */
    void start(String symbolicName);
}
