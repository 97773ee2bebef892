package org.xtls.connection.smack;

import java.security.cert.CertificateException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jivesoftware.smack.SmackException.ConnectionException;
import org.jivesoftware.smack.SmackException.EndpointConnectionException;
import org.jivesoftware.smack.SmackException.NoResponseException;
import org.jivesoftware.smack.SmackException.SecurityRequiredByClientException;
import org.jivesoftware.smack.SmackException.SecurityRequiredByServerException;
import org.jivesoftware.smack.SmackException.SmackSaslException;
import org.jivesoftware.smack.XMPPException.StreamErrorException;
import org.jivesoftware.smack.XMPPException.XMPPErrorException;
import org.jivesoftware.smack.packet.StanzaError;
import org.jivesoftware.smack.packet.StreamError;
import org.jivesoftware.smack.sasl.SASLErrorException;
import org.jivesoftware.smack.util.rce.RemoteConnectionException;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.transport.Login;

/** Says of Smack's exceptions what happened and what to do. */
final class LoginFailure {
    private LoginFailure() {}

    static XtlsException of(Login login, Exception e, ServerTrust trust) {
        XtlsException failure = new XtlsException(explain(login, e, trust));
        failure.initCause(e);
        return failure;
    }

    static XtlsException stopped() {
        return new XtlsException(
                Failure.of(Code.SERVICE_GONE, Fault.LOCAL, "The login was broken off: the bundle is being stopped."));
    }

    /** Whether the same login, tried again, would fail again, and perhaps lock the account. */
    static boolean hopeless(Failure failure) {
        return failure.code() == Code.LOCAL || failure.code() == Code.SERVICE_GONE;
    }

    private static Failure explain(Login login, Exception e, ServerTrust trust) {
        String server = server(login);
        if (login.account().local().isEmpty()) {
            return new Failure(
                    Code.LOCAL,
                    Fault.LOCAL,
                    login.account() + " is a domain, and not an account.",
                    "An account is written user@domain.");
        }
        if (find(e, InterruptedException.class).isPresent()) {
            return stopped().failure();
        }
        Optional<CertificateException> certificate = find(e, CertificateException.class);
        if (certificate.isPresent()) {
            String sha256 = trust.presented().orElse("unknown");
            return between(
                    "The certificate of the server " + server + " is not trusted: "
                            + sentence(certificate.get().getMessage()) + " Its SHA-256 is " + sha256 + ".",
                    "If that is what the server's operator tells you too, connect with --server-tls pin:" + sha256
                            + ".");
        }
        if (find(e, SecurityRequiredByClientException.class).isPresent()) {
            return between(
                    "The server " + server + " offers no TLS, or somebody in between has taken the offer away.",
                    "For a server on this machine connect with --server-tls disabled.");
        }
        if (find(e, SecurityRequiredByServerException.class).isPresent()) {
            return new Failure(
                    Code.LOCAL,
                    Fault.LOCAL,
                    "The server " + server + " insists on TLS, which is disabled for this connection.",
                    "Connect with --server-tls required, or with the pin of its certificate.");
        }
        Optional<SSLException> tls = find(e, SSLException.class);
        if (tls.isPresent()) {
            return between(
                    "TLS with the server " + server + " failed: "
                            + sentence(tls.get().getMessage()),
                    "The server must speak TLS 1.2 or 1.3.");
        }
        Optional<SASLErrorException> refused = find(e, SASLErrorException.class);
        if (refused.isPresent()) {
            return refused(login, server, refused.get());
        }
        if (find(e, SmackSaslException.class).isPresent()) {
            return new Failure(
                    Code.LOCAL,
                    Fault.LOCAL,
                    "The server " + server + " offers neither SCRAM-SHA-1 nor PLAIN, or failed to prove that it knows"
                            + " the password.",
                    "Ask its operator which logins it takes.");
        }
        Optional<XMPPErrorException> error = find(e, XMPPErrorException.class);
        if (error.isPresent()) {
            return bind(login, server, error.get().getStanzaError().getCondition());
        }
        Optional<StreamErrorException> stream = find(e, StreamErrorException.class);
        if (stream.isPresent()) {
            StreamError.Condition condition = stream.get().getStreamError().getCondition();
            return condition == StreamError.Condition.host_unknown
                    ? new Failure(
                            Code.LOCAL,
                            Fault.LOCAL,
                            "The server " + server + " does not serve the domain "
                                    + login.account().domain() + ".",
                            "Check the address and --host.")
                    : between("The server " + server + " closed the stream: " + condition + ".", "Try again later.");
        }
        Optional<ConnectionException> unreachable = find(e, ConnectionException.class);
        if (unreachable.isPresent()) {
            return between(
                    "The server " + server + " cannot be reached: " + reason(unreachable.get()),
                    "Check host, port and network.");
        }
        if (find(e, NoResponseException.class).isPresent()) {
            return new Failure(
                    Code.TIMEOUT,
                    Fault.BETWEEN,
                    "The server " + server + " did not answer in time.",
                    "Check that an XMPP server listens there, and try again.");
        }
        return between(
                "The login at the server " + server + " failed: " + sentence(e.getMessage()), "Try again later.");
    }

    private static Failure refused(Login login, String server, SASLErrorException e) {
        return switch (e.getSASLFailure().getSASLError()) {
            case not_authorized ->
                new Failure(
                        Code.LOCAL,
                        Fault.LOCAL,
                        "The server " + server + " refused the password of " + login.account() + ".",
                        "Check address and password.");
            case account_disabled, credentials_expired ->
                new Failure(
                        Code.LOCAL,
                        Fault.LOCAL,
                        "The server " + server + " says that the account " + login.account()
                                + " is disabled or its password has expired.",
                        "Ask the server's operator.");
            default ->
                between(
                        "The server " + server + " refused the login of " + login.account() + ": "
                                + e.getSASLFailure().getSASLError() + ".",
                        "Ask the server's operator.");
        };
    }

    private static Failure bind(Login login, String server, StanzaError.Condition condition) {
        if (condition == StanzaError.Condition.conflict) {
            return new Failure(
                    Code.REFUSED,
                    Fault.LOCAL,
                    "The resource '" + login.resource() + "' of " + login.account() + " is in use already.",
                    "Choose another --resource, or log the other client out.");
        }
        return between(
                "The server " + server + " did not bind an address for " + login.account() + ": " + condition + ".",
                "Try another --resource, or again later.");
    }

    private static Failure between(String message, String advice) {
        return new Failure(Code.LINK_LOST, Fault.BETWEEN, message, advice);
    }

    private static String server(Login login) {
        String host = login.host();
        return host == null
                ? "of " + login.account().domain()
                : host + ":" + login.port().orElse(Session.PORT);
    }

    private static String reason(ConnectionException e) {
        if (e instanceof EndpointConnectionException tried) {
            List<String> reasons = tried.getConnectionExceptions().stream()
                    .map(RemoteConnectionException::getException)
                    .map(Exception::getMessage)
                    .distinct()
                    .toList();
            if (!reasons.isEmpty()) {
                return sentence(String.join(", ", reasons));
            }
            return "its name cannot be resolved.";
        }
        return sentence(e.getMessage());
    }

    private static <E> Optional<E> find(Throwable e, Class<E> type) {
        return Stream.iterate(e, cause -> cause != null, Throwable::getCause)
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst();
    }

    private static String sentence(@Nullable String text) {
        String line = String.valueOf(text).lines().findFirst().orElse("no reason given");
        return line.endsWith(".") ? line : line + ".";
    }
}
