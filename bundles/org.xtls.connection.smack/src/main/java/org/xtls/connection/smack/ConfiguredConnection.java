package org.xtls.connection.smack;

import java.util.OptionalInt;
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
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;

/** An account that is logged in because a configuration says so. */
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
    private Settings settings;
    private KeptSession session;

    /**
     * Begins to log in.
     *
     * @param connections who does it
     * @param account the configuration
     * @throws IllegalArgumentException when the configuration makes no sense
     */
    @Activate
    public ConfiguredConnection(@Reference SmackConnections connections, Account account) {
        this.connections = connections;
        this.settings = Settings.of(account);
        this.session = start(settings);
    }

    /** A configuration that makes no sense changes nothing; one that says the same neither. */
    @Modified
    synchronized void modified(Account account) {
        Settings changed;
        try {
            changed = Settings.of(account);
        } catch (IllegalArgumentException e) {
            LOG.error("The changed configuration of {} is not used: {}", settings.jid(), e.getMessage());
            return;
        }
        if (changed.equals(settings)) {
            return;
        }
        session.close();
        settings = changed;
        session = start(changed);
    }

    @Deactivate
    synchronized void close() {
        session.close();
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
            BareJid jid = BareJid.parse(set("jid", account.jid()));
            if (jid.local().isEmpty()) {
                throw new IllegalArgumentException("jid: an account is written user@domain");
            }
            String resource = account.resource().isEmpty() ? null : account.resource();
            if (resource != null) {
                resource = jid.at(resource).resource();
            }
            String host = account.host().isEmpty() ? null : account.host();
            if (account.port() != 0 && host == null) {
                throw new IllegalArgumentException("port: it needs a host; without one both come from SRV records");
            }
            return new Settings(
                    jid,
                    set(".password", account._password()),
                    host,
                    account.port() == 0
                            ? OptionalInt.empty()
                            : OptionalInt.of(within("port", 1, account.port(), 65535)),
                    resource,
                    ServerTls.parse(account.serverTls()),
                    account.reconnect(),
                    within("longestPause", 1, account.longestPause(), 86400));
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

        private static int within(String name, int low, int value, int high) {
            if (value < low || value > high) {
                throw new IllegalArgumentException(name + ": " + value + " is not between " + low + " and " + high);
            }
            return value;
        }
    }
}
