package org.xtls.auth.x509;

import java.security.InvalidKeyException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;

/**
 * A certificate whose private key the peer holds, and the judgement on it.
 *
 * @param peer who presented it
 * @param certificate the end entity's
 */
record PeerCertificate(BareJid peer, X509Certificate certificate) {
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String ANY_USAGE = "2.5.29.37.0";

    Verdict judge(KnownPeer known, Clock clock) {
        KeyName key;
        try {
            key = new KeyName(X509Method.NAME, Fingerprint.sha256(certificate));
        } catch (CertificateException e) {
            return refused(Alert.BAD_CERTIFICATE, "cannot be encoded", "");
        }
        Optional<KnownKey> record = known.key(key);
        if (record.filter(on -> on.state() == KeyState.DISTRUSTED).isPresent()) {
            return refused(
                    Alert.CERTIFICATE_UNKNOWN,
                    "is distrusted",
                    "Should it be trusted again, compare its fingerprint with its owner, " + key.grouped()
                            + ", and mark it as verified.");
        }
        Verdict.@Nullable Refused unsound = unsound(clock);
        if (unsound != null) {
            return unsound;
        }
        if (record.filter(on -> on.state() == KeyState.VERIFIED).isPresent()) {
            // A pin is a word on this very certificate, whatever it names.
            return new Verdict.Verified(key, "pinned");
        }
        Verdict.@Nullable Refused misnamed = misnamed(key);
        return misnamed != null ? misnamed : new Verdict.Unknown(key);
    }

    /** These hold for pinned certificates too: a pin says whose key it is, not that it may be used for ever. */
    private Verdict.@Nullable Refused unsound(Clock clock) {
        try {
            KeyKind.of(certificate.getPublicKey());
        } catch (InvalidKeyException e) {
            return refused(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    "has an unsuitable key: " + e.getMessage(),
                    "The peer needs another certificate.");
        }
        try {
            certificate.checkValidity(Date.from(clock.instant()));
        } catch (CertificateExpiredException e) {
            return refused(
                    Alert.CERTIFICATE_EXPIRED,
                    "expired on " + day(certificate.getNotAfter()),
                    "The peer needs a new one; an expired certificate is not taken even when it is pinned.");
        } catch (CertificateNotYetValidException e) {
            return refused(
                    Alert.CERTIFICATE_EXPIRED,
                    "is not valid before " + day(certificate.getNotBefore()),
                    "Check the clocks of both machines.");
        }
        if (certificate.hasUnsupportedCriticalExtension()) {
            return refused(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    "has a critical extension that is not understood",
                    "The peer needs another certificate.");
        }
        boolean[] keyUsage = certificate.getKeyUsage();
        if ((keyUsage != null && !keyUsage[0]) || !mayAuthenticate()) {
            return refused(
                    Alert.UNSUPPORTED_CERTIFICATE,
                    "is not made for signing handshakes",
                    "The peer needs one whose key usage allows digitalSignature, for client or server authentication.");
        }
        return null;
    }

    private boolean mayAuthenticate() {
        try {
            List<String> purposes = certificate.getExtendedKeyUsage();
            return purposes == null
                    || purposes.contains(CLIENT_AUTH)
                    || purposes.contains(SERVER_AUTH)
                    || purposes.contains(ANY_USAGE);
        } catch (CertificateException e) {
            return false;
        }
    }

    /** Against somebody who presents a certificate of his own under another's address, and hopes for first use. */
    private Verdict.@Nullable Refused misnamed(KeyName key) {
        List<BareJid> names;
        try {
            names = XmppNames.of(certificate);
        } catch (CertificateException e) {
            return refused(Alert.BAD_CERTIFICATE, "is malformed: " + e.getMessage(), "");
        }
        if (names.isEmpty() || names.contains(peer)) {
            return null;
        }
        return refused(
                Alert.BAD_CERTIFICATE,
                "is made out to "
                        + names.stream().limit(3).map(BareJid::toString).collect(Collectors.joining(", ")),
                "Somebody may be posing as " + peer + "; should it be right all the same, compare its fingerprint with"
                        + " its owner, " + key.grouped() + ", and mark it as verified for " + peer + ".");
    }

    private Verdict.Refused refused(Alert alert, String what, String advice) {
        return new Verdict.Refused(
                alert,
                new Failure(
                        Code.UNTRUSTED,
                        Fault.PEER,
                        "The certificate that " + peer + " presented " + what + ".",
                        advice));
    }

    private static LocalDate day(Date date) {
        return LocalDate.ofInstant(date.toInstant(), ZoneOffset.UTC);
    }
}
