package org.xtls.auth.x509;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.KeyTransfer;
import org.xtls.tls.SignatureScheme;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/**
 * Certificates that are handed over inside tunnels (XEP-0189 0.8, X.509 Certificate): this side's, the next one as well
 * as the current one, and a peer's.
 */
@Component(property = AuthMethod.METHOD + "=" + X509Method.NAME)
public final class CertificateTransfer implements KeyTransfer {
    static final String PUBKEY = "urn:xmpp:tmp:pubkey";

    /** The Base64 of the longest certificate that is read, with a line break after each four characters. */
    private static final int MOST_CHARACTERS = CertificateForm.MOST_BYTES * 2;

    private static final int MOST_NAMES = 4;
    private static final int MOST_SIGNATURE_BYTES = 1024;

    private final Identities identities;
    private final Clock clock;

    /**
     * Hands over the certificates of own accounts.
     *
     * @param identities those certificates
     */
    @Activate
    public CertificateTransfer(@Reference Identities identities) {
        this(identities, Clock.systemUTC());
    }

    CertificateTransfer(Identities identities, Clock clock) {
        this.identities = identities;
        this.clock = clock;
    }

    @Override
    public CompletionStage<List<HandedKey>> hand(BareJid account, byte[] statement) {
        return identities
                .all(account)
                .thenCompose(own -> identities.work(() -> {
                    List<HandedKey> handed = new ArrayList<>();
                    for (Identity identity : own) {
                        handed.add(hand(identity, statement));
                    }
                    return handed;
                }));
    }

    @Override
    public CompletionStage<Taken> take(BareJid peer, Element keyinfo, byte[] statement, byte[] signature) {
        List<Element> certificates = keyinfo.is(PUBKEY, "keyinfo")
                ? keyinfo.children()
                        .filter(child -> child.is(PUBKEY, "x509cert"))
                        .toList()
                : List.of();
        return CompletableFuture.completedStage(
                certificates.isEmpty()
                        ? new Taken.Foreign()
                        : judge(peer, keyinfo, certificates, statement, signature));
    }

    private static HandedKey hand(Identity identity, byte[] statement) throws XtlsException {
        KeySigner signer = identity.signer();
        try {
            Element keyinfo = Element.of(PUBKEY, "keyinfo")
                    .with(
                            Element.of(PUBKEY, "name").withText(identity.sha256()),
                            Element.of(PUBKEY, "x509cert")
                                    .withText(Base64.getEncoder()
                                            .encodeToString(
                                                    identity.certificate().getEncoded())));
            return new HandedKey(keyinfo, signer.sign(signer.schemes().get(0), statement));
        } catch (GeneralSecurityException e) {
            throw new XtlsException(new Failure(
                    Code.LOCAL,
                    Fault.LOCAL,
                    "The own key " + identity + " does not sign: " + e.getMessage() + ".",
                    "Where it is on a token, put that in."));
        }
    }

    private Taken judge(BareJid peer, Element keyinfo, List<Element> certificates, byte[] statement, byte[] signature) {
        try {
            if (certificates.size() > 1) {
                return refused("comes with " + (certificates.size() - 1) + " more, where one is wanted");
            }
            byte[] der = decoded(certificates.get(0));
            X509Certificate certificate = CertificateForm.read(der);
            KeyName key = new KeyName(X509Method.NAME, Fingerprint.sha256(der));
            requireNames(keyinfo, der);
            PeerCertificate handed = new PeerCertificate(peer, certificate);
            handed.requireSound(clock.instant());
            handed.requireNoOtherAddress(handed.names(), key);
            if (!SelfSigned.is(certificate)) {
                // A pin would outlive a revocation.
                return new Taken.Unpinned("The certificate is vouched for by its CA, not by a pin.");
            }
            return signed(certificate, statement, signature)
                    ? new Taken.Held(key, der)
                    : refused("comes without proof that its sender holds the key: the signature is not this key's over"
                            + " this tunnel");
        } catch (CertificateRefusal e) {
            return refused(e.what());
        }
    }

    private static byte[] decoded(Element element) throws CertificateRefusal {
        if (element.text().length() > MOST_CHARACTERS) {
            throw CertificateRefusal.malformed("has more than " + MOST_CHARACTERS + " characters of Base64");
        }
        String text = element.text().replaceAll("[ \\t\\r\\n]", "");
        try {
            byte[] der = Base64.getDecoder().decode(text);
            // Of several ways to write the same bytes one is taken.
            if (der.length > 0
                    && element.children().findAny().isEmpty()
                    && Base64.getEncoder().encodeToString(der).equals(text)) {
                return der;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw CertificateRefusal.malformed("is no Base64");
    }

    private static void requireNames(Element keyinfo, byte[] der) throws CertificateRefusal {
        List<String> names = keyinfo.children()
                .filter(child -> child.is(PUBKEY, "name"))
                .map(name -> name.text().strip())
                .toList();
        List<String> right = List.of(Fingerprint.sha256(der), Fingerprint.sha1(der));
        if (names.size() > MOST_NAMES || !right.containsAll(names)) {
            throw CertificateRefusal.malformed("comes under a name that is not its own");
        }
    }

    /** The scheme follows from the key, so that nobody can choose a weaker one. */
    private static boolean signed(X509Certificate certificate, byte[] statement, byte[] signature)
            throws CertificateRefusal {
        try {
            KeyKind kind = KeyKind.of(certificate.getPublicKey());
            SignatureScheme scheme = kind.schemes().get(0);
            if (signature.length > MOST_SIGNATURE_BYTES || !kind.mayHaveLength(signature)) {
                return false;
            }
            Signature verifier = KeySigner.signature(scheme);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(statement);
            return verifier.verify(signature);
        } catch (InvalidKeyException e) {
            throw CertificateRefusal.unsuitable("has an unsuitable key: " + e.getMessage());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static Taken refused(String what) {
        return new Taken.Refused("The certificate " + what + ".");
    }
}
