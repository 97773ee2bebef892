package org.xtls.server.loopback;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xtls.server.loopback.c2s.Address;
import org.xtls.server.loopback.c2s.Listener;
import org.xtls.server.loopback.c2s.Settings;
import org.xtls.server.loopback.sasl.Credentials;

/**
 * An XMPP server in this process, on 127.0.0.1 and without TLS, for demonstrations and tests.
 *
 * <pre>{@code
 * try (LoopbackServer server = LoopbackServer.builder()
 *         .user("romeo@montague.net", "secret")
 *         .user("juliet@capulet.com", "secret")
 *         .start()) {
 *     connect("127.0.0.1", server.port());
 * }
 * }</pre>
 *
 * <p>Clients log in with SCRAM-SHA-256, SCRAM-SHA-1 or PLAIN, bind a resource and exchange stanzas as RFC 6120 and RFC
 * 6121 say; what is sent from one full JID to another arrives in the order in which it was sent. There are no rosters,
 * subscriptions, offline messages or other servers. Who sends faster than the recipient reads is slowed down, and after
 * the {@linkplain Builder#patience patience} the recipient is disconnected.
 *
 * <p>All methods may be called on any thread. The server has two daemon threads and two for each client, all named
 * {@code xtls-loopback-PORT-…}; they end with {@link #close} or {@link #kill}. No argument and no result is null. Full
 * JIDs are compared in normalised form.
 */
public final class LoopbackServer implements AutoCloseable {

    private final Settings settings;
    private Wiretap wiretap;
    private Interceptor interceptor;
    private int port;
    private @Nullable Listener listener;

    private LoopbackServer(Settings settings, Wiretap wiretap, Interceptor interceptor) {
        this.settings = settings;
        this.wiretap = wiretap;
        this.interceptor = interceptor;
        port = settings.port();
    }

    /** {@return a builder with the default of everything and no users} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Listens; clients can connect when this returns. After {@link #close} or {@link #kill} a server may be started
     * again: it then listens on the same port, and nobody is connected.
     *
     * @throws IOException if the port is taken
     * @throws IllegalStateException if the server runs
     */
    public synchronized void start() throws IOException {
        if (listener != null) {
            throw new IllegalStateException("The server runs on port " + port);
        }
        Listener opened = Listener.open(this, settings, port, wiretap, interceptor);
        port = opened.port();
        listener = opened;
    }

    /**
     * {@return the port on 127.0.0.1; after the end, the one it had}
     *
     * @throws IllegalStateException if the server never ran and its port is still to be chosen
     */
    public synchronized int port() {
        if (port == 0) {
            throw new IllegalStateException("The server was not started");
        }
        return port;
    }

    /** {@return the full JIDs of all clients that have bound a resource, in order; none if the server does not run} */
    public Set<String> clients() {
        return running().map(running -> running.router().clients()).orElse(Set.of());
    }

    /**
     * Shows the wiretap everything from now on, in the place of the one before.
     *
     * @param tap the wiretap
     */
    public synchronized void wiretap(Wiretap tap) {
        wiretap = tap;
        if (listener != null) {
            listener.router().wiretap(tap);
        }
    }

    /**
     * Asks the interceptor from the next stanza on, in the place of the one before.
     *
     * @param middle the interceptor
     */
    public synchronized void interceptor(Interceptor middle) {
        interceptor = middle;
        if (listener != null) {
            listener.router().interceptor(middle);
        }
    }

    /**
     * Delivers a stanza to a client, whoever it says it is from and for. No interceptor sees it.
     *
     * @param fullJid the client
     * @param stanza the stanza
     * @return whether that client is connected
     * @throws IllegalArgumentException if {@code fullJid} is no JID
     */
    public boolean inject(String fullJid, Stanza stanza) {
        Address client = Address.parse(fullJid);
        return running().map(running -> running.router().inject(client, stanza)).orElse(false);
    }

    /**
     * Delivers a stanza, given as XML, to a client.
     *
     * @param fullJid the client
     * @param stanza the stanza
     * @return whether that client is connected
     * @throws IllegalArgumentException if {@code fullJid} is no JID or {@code stanza} no stanza
     * @see #inject(String, Stanza)
     * @see Stanza#parse
     */
    public boolean inject(String fullJid, String stanza) {
        return inject(fullJid, Stanza.parse(stanza));
    }

    /**
     * Closes one client's stream in good order; the others get its unavailable presence. Does not wait for the client.
     *
     * @param fullJid the client
     * @return whether that client was connected
     * @throws IllegalArgumentException if {@code fullJid} is no JID
     */
    public boolean disconnect(String fullJid) {
        Address client = Address.parse(fullJid);
        return running().map(running -> running.disconnect(client)).orElse(false);
    }

    /**
     * Resets one client's TCP connection without a word, as a network does; the others get its unavailable presence.
     *
     * @param fullJid the client
     * @return whether that client was connected
     * @throws IllegalArgumentException if {@code fullJid} is no JID
     */
    public boolean drop(String fullJid) {
        Address client = Address.parse(fullJid);
        return running().map(running -> running.drop(client)).orElse(false);
    }

    /**
     * Closes all streams with {@code <system-shutdown/>}, waits about a second for clients that are slow to close
     * theirs, and ends all threads. Does nothing if the server does not run.
     */
    @Override
    public void close() {
        ended().ifPresent(Listener::close);
    }

    /** Resets all TCP connections without a word and ends all threads. Does nothing if the server does not run. */
    public void kill() {
        ended().ifPresent(Listener::kill);
    }

    private synchronized Optional<Listener> running() {
        return Optional.ofNullable(listener);
    }

    private synchronized Optional<Listener> ended() {
        Optional<Listener> ended = Optional.ofNullable(listener);
        listener = null;
        return ended;
    }

    /** Says what a server is to be. Not thread-safe. */
    public static final class Builder {

        private final Set<String> domains = new LinkedHashSet<>();
        private final Map<Address, String> users = new LinkedHashMap<>();
        private int port;
        private boolean everyoneSeesEveryone = true;
        private int stanzaLimit = STANZA_LIMIT;
        private int queueLimit = QUEUE_LIMIT;
        private Duration patience = PATIENCE;
        private Wiretap wiretap = Wiretap.NONE;
        private Interceptor interceptor = Interceptor.NONE;

        private Builder() {}

        /**
         * Hosts a domain too. Default: the domains of the users, or {@code localhost} if there is none. A client that
         * names no domain means the first one.
         *
         * @param domain the domain
         * @return this builder
         * @throws IllegalArgumentException if that is no domain
         */
        public Builder domain(String domain) {
            Address server = Address.parse(domain);
            if (!server.isServer() || server.isFull()) {
                throw new IllegalArgumentException("Not a domain: " + domain);
            }
            domains.add(server.domain());
            return this;
        }

        /**
         * Gives a user an account, and hosts his domain.
         *
         * @param bareJid {@code local@domain}
         * @param password not empty
         * @return this builder
         * @throws IllegalArgumentException if that is no user's bare JID, or there is no password
         */
        public Builder user(String bareJid, String password) {
            Address user = Address.parse(bareJid);
            if (user.isServer() || user.isFull()) {
                throw new IllegalArgumentException("Not a user's bare JID: " + bareJid);
            }
            if (password.isEmpty()) {
                throw new IllegalArgumentException("No password for " + bareJid);
            }
            domains.add(user.domain());
            users.put(user, password);
            return this;
        }

        /**
         * Gives a user an account, as configurations and command lines write it.
         *
         * @param entry {@code local@domain=password}
         * @return this builder
         * @throws IllegalArgumentException if it does not have that form
         */
        public Builder user(String entry) {
            int equals = entry.indexOf('=', entry.indexOf('@') + 1);
            if (equals < 0) {
                // The entry may be a password put in the wrong place: it stays out of the message.
                throw new IllegalArgumentException("A user is written local@domain=password");
            }
            return user(entry.substring(0, equals), entry.substring(equals + 1));
        }

        /**
         * Listens on that port; 0, the default, for a free one.
         *
         * @param number the port
         * @return this builder
         * @throws IllegalArgumentException if it is not between 0 and 65535
         */
        public Builder port(int number) {
            if (number < 0 || number > 0xFFFF) {
                throw new IllegalArgumentException(number + " is no port: 0 to 65535");
            }
            port = number;
            return this;
        }

        /**
         * Whether all users are subscribed to one another's presence (the default): available clients get the presence
         * of all others. If not, a client's presence goes to the other resources of its user, and to whom it directs
         * it.
         *
         * @param everyone whether they are
         * @return this builder
         */
        public Builder everyoneSeesEveryone(boolean everyone) {
            everyoneSeesEveryone = everyone;
            return this;
        }

        /**
         * The most bytes of a stanza that a client may send, default 262144.
         *
         * @param bytes the limit
         * @return this builder
         * @throws IllegalArgumentException if it is not between 1024 and 16777216
         */
        public Builder stanzaLimit(int bytes) {
            requireBetween(1024, bytes, 16 * 1024 * 1024);
            stanzaLimit = bytes;
            return this;
        }

        /**
         * The most bytes that wait for a client which reads slowly, default 4194304. Who sends to it has to wait while
         * it is half full; beyond it the slow client is disconnected with {@code <resource-constraint/>}. Never less
         * than eight times the stanza limit, so that there is room for one stanza however much it grows when it is
         * escaped.
         *
         * @param bytes the limit
         * @return this builder
         * @throws IllegalArgumentException if it is not between 4096 and 268435456
         */
        public Builder queueLimit(int bytes) {
            requireBetween(4096, bytes, 256 * 1024 * 1024);
            queueLimit = bytes;
            return this;
        }

        /**
         * How long a sender waits for a client that reads slowly before that one is disconnected with {@code
         * <resource-constraint/>}, default 5 seconds.
         *
         * @param time the patience
         * @return this builder
         * @throws IllegalArgumentException if it is negative or more than a day
         */
        public Builder patience(Duration time) {
            if (time.isNegative() || time.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("Not between none and a day: " + time);
            }
            patience = time;
            return this;
        }

        /**
         * Who hears everything. Default: nobody.
         *
         * @param tap the wiretap
         * @return this builder
         */
        public Builder wiretap(Wiretap tap) {
            wiretap = tap;
            return this;
        }

        /**
         * Who may change everything. Default: nobody.
         *
         * @param middle the interceptor
         * @return this builder
         */
        public Builder interceptor(Interceptor middle) {
            interceptor = middle;
            return this;
        }

        /** {@return a server that does not run yet} The builder may be used again. */
        public LoopbackServer build() {
            SecureRandom random = new SecureRandom();
            Map<Address, Credentials> accounts = new LinkedHashMap<>();
            users.forEach((user, password) -> accounts.put(user, Credentials.of(password, random)));
            Set<String> hosted = domains.isEmpty() ? Set.of("localhost") : new LinkedHashSet<>(domains);
            Settings settings = new Settings(
                    hosted,
                    accounts,
                    port,
                    everyoneSeesEveryone,
                    stanzaLimit,
                    Math.max(queueLimit, 8 * stanzaLimit),
                    patience);
            return new LoopbackServer(settings, wiretap, interceptor);
        }

        /**
         * {@return a server that runs}
         *
         * @throws IOException if the port is taken
         */
        public LoopbackServer start() throws IOException {
            LoopbackServer server = build();
            server.start();
            return server;
        }

        private static void requireBetween(int low, int value, int high) {
            if (value < low || value > high) {
                throw new IllegalArgumentException(value + " is not between " + low + " and " + high);
            }
        }
    }

    private static final int STANZA_LIMIT = 256 * 1024;
    private static final int QUEUE_LIMIT = 4 * 1024 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
}
