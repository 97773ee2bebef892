package org.xtls.connection.smack;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.ConnectionListener;
import org.jivesoftware.smack.ReconnectionManager;
import org.jivesoftware.smack.SmackConfiguration.UnknownIqRequestReplyMode;
import org.jivesoftware.smack.SmackException;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.XMPPException;
import org.jivesoftware.smack.packet.Presence;
import org.jivesoftware.smack.roster.Roster;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jspecify.annotations.Nullable;
import org.jxmpp.stringprep.XmppStringprepException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.FullJid;
import org.xtls.XtlsException;
import org.xtls.embedded.smack.SmackStart;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;

/** One account at one server: its connection, and the service under which transports find it. */
final class Session implements ConnectionListener {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /** The port that RFC 6120 has registered. */
    static final int PORT = 5222;

    /**
     * DIGEST-MD5 and CRAM-MD5, which Smack knows too, are history (RFC 6331, RFC 6151); SCRAM-SHA-1-PLUS it knows but
     * refuses.
     */
    private static final List<String> MECHANISMS = List.of("SCRAM-SHA-1", "PLAIN");

    private static final int PATIENCE_MILLISECONDS = 10_000;

    /** The service property that says why the stream has died; transports read it when the service goes. */
    private static final String LOST = "xtls.lost";

    private final Login login;
    private final boolean resumable;
    private final BundleContext context;
    private final BiConsumer<Session, Loss> lost;

    private @Nullable XMPPTCPConnection connection;
    private @Nullable ServerTrust trust;
    private @Nullable ServiceRegistration<XMPPConnection> registration;
    private @Nullable FullJid local;
    private @Nullable String loss;
    private boolean withdrawn;

    /**
     * Connects nothing yet.
     *
     * @param login what it takes; its password is read in the first {@link #open} only
     * @param resumable whether {@link #open} will be called again after a loss
     * @param context where the connection is registered
     * @param lost told once for each loss of an open stream
     */
    Session(Login login, boolean resumable, BundleContext context, BiConsumer<Session, Loss> lost) {
        this.login = login;
        this.resumable = resumable;
        this.context = context;
        this.lost = lost;
    }

    /**
     * Connects, logs in, registers the connection, and only then becomes available: whoever reacts to the presence
     * meets a transport that is ready.
     */
    FullJid open() throws XtlsException {
        ServerTrust judge = trust == null ? ServerTrust.of(login.tls()) : trust;
        trust = judge;
        XMPPTCPConnection opening = null;
        try {
            opening = connection(judge);
            opening.connect();
            opening.login();
            FullJid bound = FullJid.parse(opening.getUser().toString());
            register(opening, bound);
            if (!opening.streamWasResumed()) {
                opening.sendStanza(opening.getStanzaFactory()
                        .buildPresenceStanza()
                        .ofType(Presence.Type.available)
                        .build());
            }
            LOG.info("{}: logged in", bound);
            return bound;
        } catch (SmackException | XMPPException | IOException | InterruptedException | RuntimeException e) {
            synchronized (this) {
                local = null;
            }
            if (opening != null) {
                opening.instantShutdown();
            }
            throw LoginFailure.of(login, e, judge);
        }
    }

    /** The bound address while the stream is there. */
    synchronized Optional<FullJid> local() {
        return Optional.ofNullable(local);
    }

    /** Takes the connection away from its users, who can still say goodbye through it, and from new ones. */
    void withdraw() {
        ServiceRegistration<XMPPConnection> registered;
        String reason;
        synchronized (this) {
            withdrawn = true;
            registered = registration;
            registration = null;
            local = null;
            reason = loss;
        }
        if (registered != null) {
            // Smack may tell the transport only after us.
            if (reason != null) {
                registered.setProperties(FrameworkUtil.asDictionary(Map.of(LOST, reason)));
            }
            registered.unregister();
        }
    }

    /** Closes the stream and waits for the server to do the same, for as long as Smack's patience lasts. */
    void close() {
        withdraw();
        XMPPTCPConnection closing;
        synchronized (this) {
            closing = connection;
        }
        if (closing != null) {
            closing.removeConnectionListener(this);
            // What comes on while the stream is being closed could not be answered, and Smack would complain.
            closing.setUnknownIqRequestReplyMode(UnknownIqRequestReplyMode.doNotReply);
            closing.disconnect();
            LOG.info("{}: logged out", login.account());
        }
    }

    @Override
    public void connectionClosed() {
        lose(new Loss("the server closed the stream", false));
    }

    @Override
    public void connectionClosedOnError(Exception e) {
        LOG.debug("{}: the stream was lost", login.account(), e);
        lose(Loss.of(e));
    }

    private void lose(Loss known) {
        FullJid was;
        synchronized (this) {
            was = local;
            if (was == null) {
                return;
            }
            local = null;
            loss = known.reason();
        }
        LOG.warn("{}: {}", was, known.reason());
        lost.accept(this, known);
    }

    private void register(XMPPTCPConnection opened, FullJid bound) throws InterruptedException {
        synchronized (this) {
            if (withdrawn) {
                throw new InterruptedException("withdrawn while logging in");
            }
            local = bound;
            loss = null;
            if (registration != null) {
                return;
            }
        }
        ServiceRegistration<XMPPConnection> registered = context.registerService(XMPPConnection.class, opened, null);
        synchronized (this) {
            if (!withdrawn) {
                registration = registered;
                return;
            }
        }
        registered.unregister();
        throw new InterruptedException("withdrawn while logging in");
    }

    private XMPPTCPConnection connection(ServerTrust judge) throws XmppStringprepException {
        synchronized (this) {
            if (connection != null) {
                return connection;
            }
        }
        SmackStart.initialize();
        XMPPTCPConnection made = new XMPPTCPConnection(configuration(judge));
        made.setReplyTimeout(PATIENCE_MILLISECONDS);
        made.setUseStreamManagement(resumable);
        made.setUseStreamManagementResumption(resumable);
        // When a stream cannot be resumed, Smack would send what was not acknowledged again on the new one: for the
        // tunnels of the old stream that is too late.
        made.addStanzaDroppedListener(stanza -> LOG.debug("Dropped with its stream: {}", stanza.getStanzaId()));
        ReconnectionManager.getInstanceFor(made).disableAutomaticReconnection();
        // Smack's roster would refuse all subscriptions by itself. They are the business of the account's owner.
        Roster roster = Roster.getInstanceFor(made);
        roster.setSubscriptionMode(Roster.SubscriptionMode.manual);
        roster.setRosterLoadedAtLogin(false);
        made.addConnectionListener(this);
        synchronized (this) {
            connection = made;
        }
        return made;
    }

    private XMPPTCPConnectionConfiguration configuration(ServerTrust judge) throws XmppStringprepException {
        XMPPTCPConnectionConfiguration.Builder builder = XMPPTCPConnectionConfiguration.builder()
                .setXmppDomain(login.account().domain())
                .setUsernameAndPassword(login.account().local(), new String(login.password()))
                .setSecurityMode(
                        login.tls() instanceof ServerTls.Disabled ? SecurityMode.disabled : SecurityMode.required)
                .setEnabledSSLProtocols(new String[] {"TLSv1.3", "TLSv1.2"})
                .setCustomX509TrustManager(judge)
                .setHostnameVerifier(judge)
                .addEnabledSaslMechanism(MECHANISMS)
                .setSocketFactory(new NoDelaySocketFactory())
                .setConnectTimeout(PATIENCE_MILLISECONDS)
                .setCompressionEnabled(false)
                .setSendPresence(false);
        String host = login.host();
        if (host != null) {
            builder.setHost(host);
        }
        login.port().ifPresent(builder::setPort);
        String resource = login.resource();
        if (resource != null) {
            builder.setResource(resource);
        }
        return builder.build();
    }
}
