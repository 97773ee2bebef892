package org.xtls.connection.smack;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;

/** An account that is logged in because a configuration says so; not before the configuration makes sense. */
@Component(
        service = {},
        immediate = true,
        configurationPid = ConfiguredConnection.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = Account.class, factory = true)
public final class ConfiguredConnection {
    static final String PID = "org.xtls.connection.smack";

    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredConnection.class);

    private final SmackConnections connections;
    private @Nullable Settings settings;
    private @Nullable KeptSession session;

    /**
     * Begins to log in.
     *
     * @param connections who does it
     * @param account the configuration
     * @param properties the same untyped, for its name
     */
    @Activate
    public ConfiguredConnection(
            @Reference SmackConnections connections, Account account, Map<String, Object> properties) {
        this.connections = connections;
        modified(account, properties);
    }

    /** A configuration that makes no sense is reported and changes nothing; one that says the same changes nothing. */
    @Modified
    synchronized void modified(Account account, Map<String, Object> properties) {
        Settings wanted;
        try {
            wanted = Settings.of(account);
        } catch (RuntimeException e) {
            Failure failure = new Failure(
                    Code.LOCAL,
                    Fault.LOCAL,
                    "configuration " + properties.getOrDefault("service.pid", PID) + ": " + e.getMessage() + ".",
                    "Correct it.");
            LOG.error(
                    "{} {}",
                    failure.text(),
                    settings == null ? "Nobody is logged in." : settings.jid() + " stays logged in as before.");
            return;
        }
        if (wanted.equals(settings)) {
            return;
        }
        close();
        settings = wanted;
        session = start(wanted);
    }

    @Deactivate
    synchronized void close() {
        if (session != null) {
            session.close();
        }
    }

    private KeptSession start(Settings wanted) {
        KeptSession kept = new KeptSession(wanted.login(), wanted.reconnect(), wanted.longestPause(), connections);
        kept.start();
        return kept;
    }

    /** The configuration, checked. */
    private record Settings(
            BareJid jid,
            String password,
            @Nullable String host,
            OptionalInt port,
            @Nullable String resource,
            ServerTls tls,
            boolean reconnect,
            int longestPause) {
        static Settings of(Account account) {
            BareJid jid = parse("jid", BareJid::parse, set("jid", account.jid()));
            if (jid.local().isEmpty()) {
                throw new IllegalArgumentException("jid: an account is written user@domain");
            }
            String resource = optional(account.resource());
            if (resource != null) {
                resource = parse("resource", jid::at, resource).resource();
            }
            String host = optional(account.host());
            int port = number("port", account::port);
            if (port != 0 && host == null) {
                throw new IllegalArgumentException("port: it needs a host; without one both come from SRV records");
            }
            return new Settings(
                    jid,
                    set(".password", account._password()),
                    host,
                    port == 0 ? OptionalInt.empty() : OptionalInt.of(within("port", 1, port, 65535)),
                    resource,
                    parse("serverTls", ServerTls::parse, account.serverTls()),
                    truth("reconnect", account.reconnect()),
                    within("longestPause", 1, number("longestPause", account::longestPause), 86400));
        }

        Login login() {
            return new Login(jid, password.toCharArray(), host, port, resource, tls);
        }

        /** A password is never shown. */
        @Override
        public String toString() {
            return "Settings[" + jid + "]";
        }

        private static String set(String name, @Nullable String value) {
            if (value == null || value.isEmpty()) {
                throw new IllegalArgumentException(name + ": it must be set");
            }
            return value;
        }

        private static @Nullable String optional(@Nullable String value) {
            return value == null || value.isEmpty() ? null : value;
        }

        private static <T> T parse(String name, Function<String, T> parser, String value) {
            try {
                return parser.apply(value);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
            }
        }

        private static boolean truth(String attribute, @Nullable String configured) {
            String word = configured == null ? "" : configured.strip().toLowerCase(Locale.ROOT);
            if (!word.equals("true") && !word.equals("false")) {
                throw new IllegalArgumentException(attribute + ": '" + configured + "' is neither true nor false");
            }
            return word.equals("true");
        }

        private static int number(String name, IntSupplier value) {
            try {
                return value.getAsInt();
            } catch (RuntimeException e) {
                // Declarative Services throw from here what they cannot turn into this type.
                throw new IllegalArgumentException(name + ": it is no whole number", e);
            }
        }

        private static int within(String name, int low, int value, int high) {
            if (value < low || value > high) {
                throw new IllegalArgumentException(name + ": " + value + " is not between " + low + " and " + high);
            }
            return value;
        }
    }
}
