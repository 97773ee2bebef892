package org.xtls.auth.x509;

import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.xtls.BareJid;
import org.xtls.tls.Alert;
import org.xtls.trust.KeyName;

/**
 * A certificate whose private key the peer holds.
 *
 * @param peer who presented it
 * @param certificate the end entity's
 */
record PeerCertificate(BareJid peer, X509Certificate certificate) {
    /** What it names: no matter for a pinned one. */
    XmppNames names() throws CertificateRefusal {
        try {
            return XmppNames.in(certificate);
        } catch (CertificateException e) {
            throw CertificateRefusal.malformed("is malformed: " + e.getMessage());
        }
    }

    /** These hold for pinned certificates too: a pin says whose key it is, not that it may be used for ever. */
    void requireSound(Instant now) throws CertificateRefusal {
        CertificateForm.requireSoundKey(certificate.getPublicKey());
        try {
            certificate.checkValidity(Date.from(now));
        } catch (CertificateExpiredException e) {
            throw new CertificateRefusal(
                    Alert.CERTIFICATE_EXPIRED,
                    "expired on " + Revocation.day(certificate.getNotAfter()),
                    "The peer needs a new one; an expired certificate is not taken even when it is pinned.");
        } catch (CertificateNotYetValidException e) {
            throw new CertificateRefusal(
                    Alert.CERTIFICATE_EXPIRED,
                    "is not valid before " + Revocation.day(certificate.getNotBefore()),
                    "Check the clocks of both machines.");
        }
        if (certificate.hasUnsupportedCriticalExtension()) {
            throw CertificateRefusal.unsuitable("has a critical extension that is not understood");
        }
        boolean[] usage = certificate.getKeyUsage();
        if (usage != null && !usage[0]) {
            throw CertificateRefusal.unsuitable("may not sign handshakes: its key usage has no digitalSignature");
        }
        if (!mayAuthenticate()) {
            throw CertificateRefusal.unsuitable("is made for other purposes than TLS");
        }
    }

    /** Against somebody who presents a certificate of his own under another's address, and hopes for first use. */
    void requireNoOtherAddress(XmppNames names, KeyName key) throws CertificateRefusal {
        if (!names.addresses().isEmpty() && !names.areOf(peer)) {
            throw madeOutTo(addresses(names), key);
        }
    }

    /** What a CA certifies is names: these have to be the peer's. */
    void requireItsName(XmppNames names, KeyName key) throws CertificateRefusal {
        if (names.areOf(peer)) {
            return;
        }
        if (!names.addresses().isEmpty()) {
            throw madeOutTo(addresses(names), key);
        }
        if (peer.local().isEmpty() && !names.hosts().isEmpty()) {
            throw madeOutTo("another host", key);
        }
        String address = peer.toString();
        if (names.mails().stream().anyMatch(address::equalsIgnoreCase)) {
            throw unnamed("names " + address + " as a mail address, not as an XMPP address");
        }
        if (names.uris().stream().anyMatch(uri -> uri.toLowerCase(Locale.ROOT).contains(address))) {
            throw unnamed("names " + address + " in a URI, not as an XMPP address");
        }
        if (names.common().stream().anyMatch(address::equalsIgnoreCase)) {
            throw unnamed("names " + address + " as a common name only, not as an XMPP address");
        }
        if (!names.hosts().isEmpty() || !names.services().isEmpty()) {
            throw unnamed("is a server's, and names no XMPP address");
        }
        throw unnamed("names no XMPP address");
    }

    private boolean mayAuthenticate() {
        try {
            List<String> purposes = certificate.getExtendedKeyUsage();
            return purposes == null
                    || purposes.contains(KeyPurposeId.id_kp_clientAuth.getId())
                    || purposes.contains(KeyPurposeId.id_kp_serverAuth.getId())
                    || purposes.contains(KeyPurposeId.anyExtendedKeyUsage.getId());
        } catch (CertificateException e) {
            return false;
        }
    }

    private String addresses(XmppNames names) {
        return names.addresses().stream()
                .limit(3)
                .map(BareJid::toString)
                .map(this::unmistakable)
                .collect(Collectors.joining(", "));
    }

    /** Against letters of other scripts that look like those of the peer's address. */
    private String unmistakable(String address) {
        StringBuilder text = new StringBuilder();
        address.codePoints().forEach(c -> {
            if (c < 0x80 || peer.toString().indexOf(c) >= 0) {
                text.appendCodePoint(c);
            } else {
                text.append(String.format(Locale.ROOT, "{U+%04X}", c));
            }
        });
        return text.toString();
    }

    private CertificateRefusal madeOutTo(String whom, KeyName key) {
        return new CertificateRefusal(
                Alert.BAD_CERTIFICATE,
                "is made out to " + whom,
                "Somebody may be posing as " + peer + "; should it be right all the same, compare its fingerprint with"
                        + " its owner, " + key.grouped() + ", and mark it as verified for " + peer + ".");
    }

    private static CertificateRefusal unnamed(String what) {
        return new CertificateRefusal(
                Alert.BAD_CERTIFICATE, what, "Its CA has to make it out to that address, as id-on-xmppAddr.");
    }
}
