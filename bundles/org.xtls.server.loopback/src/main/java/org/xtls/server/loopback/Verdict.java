package org.xtls.server.loopback;

/** What an {@link Interceptor} decides about a stanza. */
public sealed interface Verdict {

    /** Routes the stanza as it is. */
    record Pass() implements Verdict {}

    /**
     * Routes another stanza in its place, to the address that this one carries and with the {@code from} that it
     * carries, true or false.
     *
     * @param stanza the stanza to route
     */
    record Replace(Stanza stanza) implements Verdict {}

    /**
     * Delivers a stanza to a connected client, whatever its {@code to} says; nothing happens if that client is not
     * connected.
     *
     * @param fullJid the client that gets it
     * @param stanza what it gets, to the letter
     */
    record Reroute(String fullJid, Stanza stanza) implements Verdict {}

    /**
     * Delivers a stanza to the sender and routes nothing. {@link Stanza#result} and {@link Stanza#error} make answers.
     *
     * @param stanza what the sender gets, to the letter
     */
    record Answer(Stanza stanza) implements Verdict {}

    /** Routes nothing and says nothing. */
    record Drop() implements Verdict {}

    /**
     * Routes the stanza as it is.
     *
     * @return the verdict
     */
    static Verdict pass() {
        return new Pass();
    }

    /**
     * Routes another stanza in its place.
     *
     * @param stanza the stanza
     * @return the verdict
     */
    static Verdict replace(Stanza stanza) {
        return new Replace(stanza);
    }

    /**
     * Delivers a stanza to another client than the one addressed.
     *
     * @param fullJid the client
     * @param stanza the stanza
     * @return the verdict
     */
    static Verdict reroute(String fullJid, Stanza stanza) {
        return new Reroute(fullJid, stanza);
    }

    /**
     * Delivers a stanza to the sender and routes nothing.
     *
     * @param stanza the stanza
     * @return the verdict
     */
    static Verdict answer(Stanza stanza) {
        return new Answer(stanza);
    }

    /**
     * Routes nothing and says nothing.
     *
     * @return the verdict
     */
    static Verdict drop() {
        return new Drop();
    }
}
