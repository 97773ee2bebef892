package org.xtls.auth.x509;

import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.auth.Verdict;
import org.xtls.tls.Alert;
import org.xtls.tls.Proof;
import org.xtls.tls.TlsRole;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;

/**
 * What a peer proved, and the judgement on it: a distrusted certificate is refused, a pinned one is the peer's, then a CA
 * decides, and what is left nobody vouches for.
 *
 * @param peer who presented it
 * @param role the peer's role in the handshake
 * @param proof what it presented; the private key of the first is its own
 */
record PeerChain(BareJid peer, TlsRole role, Proof.CertificateChain proof) {
    Verdict judge(KnownPeer known, Authorities authorities, Instant now) {
        try {
            return judged(known, authorities, now);
        } catch (CertificateRefusal e) {
            return new Verdict.Refused(
                    e.alert(),
                    new Failure(
                            Code.UNTRUSTED,
                            Fault.PEER,
                            "The certificate that " + peer + " presented " + e.what() + ".",
                            e.advice()));
        }
    }

    private Verdict judged(KnownPeer known, Authorities authorities, Instant now) throws CertificateRefusal {
        int most = authorities.settings().chainLength();
        if (proof.certificates().size() > most) {
            throw CertificateRefusal.malformed("came in a chain of "
                    + proof.certificates().size() + " certificates; at most " + most + " are taken");
        }
        byte[] sent = sent(0);
        KeyName key = new KeyName(X509Method.NAME, Fingerprint.sha256(sent));
        Optional<KeyState> state = known.key(key).map(KnownKey::state);
        if (state.filter(KeyState.DISTRUSTED::equals).isPresent()) {
            throw new CertificateRefusal(
                    Alert.CERTIFICATE_UNKNOWN,
                    "is distrusted",
                    "Should it be trusted again, compare its fingerprint with its owner, " + key.grouped()
                            + ", and mark it as verified.");
        }
        PeerCertificate presented = new PeerCertificate(peer, CertificateForm.read(sent));
        presented.requireSound(now);
        if (state.filter(KeyState.EXPIRED::equals).isPresent()) {
            throw new CertificateRefusal(
                    Alert.CERTIFICATE_EXPIRED,
                    "has been replaced by another, and is not taken any more",
                    "Should it be right all the same, compare its fingerprint with its owner, " + key.grouped()
                            + ", and mark it as verified.");
        }
        if (state.filter(KeyState.VERIFIED::equals).isPresent()) {
            // A pin is a word on this very certificate, whatever it names and whoever signed it, or revoked it.
            return new Verdict.Verified(key, "pinned");
        }
        XmppNames names = presented.names();
        SignatureAlgorithm.requireSound(CertificationPath.signatureAlgorithm(presented.certificate()));
        Optional<String> certified = certified(presented, authorities, now);
        if (certified.isPresent()) {
            presented.requireItsName(names, key);
            return new Verdict.Verified(key, certified.get());
        }
        presented.requireNoOtherAddress(names, key);
        return new Verdict.Unknown(key);
    }

    private Optional<String> certified(PeerCertificate presented, Authorities authorities, Instant now)
            throws CertificateRefusal {
        if (!authorities.holdFor(peer.domain())) {
            return Optional.empty();
        }
        List<X509Certificate> others = new ArrayList<>();
        for (int i = 1; i < proof.certificates().size(); i++) {
            try {
                others.add(CertificateForm.read(sent(i)));
            } catch (CertificateRefusal e) {
                throw e.of("number " + (i + 1) + " of the chain that it came in");
            }
        }
        return authorities.certify(presented.certificate(), others, proof.ocsp(), peer.domain(), role, now);
    }

    private byte[] sent(int i) throws CertificateRefusal {
        try {
            return proof.certificates().get(i).getEncoded();
        } catch (CertificateEncodingException e) {
            throw CertificateRefusal.malformed("is malformed: it cannot be encoded");
        }
    }
}
