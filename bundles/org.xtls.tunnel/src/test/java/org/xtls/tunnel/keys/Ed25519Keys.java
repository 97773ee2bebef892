package org.xtls.tunnel.keys;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.xtls.BareJid;
import org.xtls.auth.KeyTransfer;
import org.xtls.trust.KeyName;
import org.xtls.xml.Element;

/** A method's keys: real Ed25519, really signed and really checked. */
public final class Ed25519Keys implements KeyTransfer {
    private static final String PUBKEY = "urn:xmpp:tmp:pubkey";

    public final String method;
    public final KeyPair keys = pair();

    /** What is handed for a statement; by default the own key and its signature. */
    public volatile Function<byte[], CompletionStage<List<HandedKey>>> hands;

    /** What becomes of the judgement of a key that was handed. */
    public volatile Function<Taken, CompletionStage<Taken>> answers = CompletableFuture::completedFuture;

    public Ed25519Keys(String method) {
        this.method = method;
        this.hands = statement -> CompletableFuture.completedFuture(List.of(handed(statement)));
    }

    public KeyName name() {
        return name(keys.getPublic());
    }

    public HandedKey handed(byte[] statement) {
        return new HandedKey(keyinfo(), sign(statement));
    }

    public Element keyinfo() {
        return Element.of(PUBKEY, "keyinfo")
                .with(
                        Element.of(PUBKEY, "name").withText(name().fingerprint()),
                        Element.of(PUBKEY, method)
                                .withText(Base64.getEncoder()
                                        .encodeToString(keys.getPublic().getEncoded())));
    }

    public byte[] sign(byte[] statement) {
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(keys.getPrivate());
            signature.update(statement);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public CompletionStage<List<HandedKey>> hand(BareJid account, byte[] statement) {
        return hands.apply(statement);
    }

    @Override
    public CompletionStage<Taken> take(BareJid peer, Element keyinfo, byte[] statement, byte[] signature) {
        return answers.apply(keyinfo.child(PUBKEY, method)
                .map(key -> judged(key, statement, signature))
                .orElseGet(Taken.Foreign::new));
    }

    private Taken judged(Element key, byte[] statement, byte[] proof) {
        try {
            byte[] encoded = Base64.getDecoder().decode(key.text());
            PublicKey given = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(given);
            signature.update(statement);
            return signature.verify(proof)
                    ? new Taken.Held(name(given), encoded)
                    : new Taken.Refused("the proof is not one");
        } catch (GeneralSecurityException e) {
            return new Taken.Refused(e.toString());
        }
    }

    private KeyName name(PublicKey key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
            return new KeyName(method, HexFormat.of().formatHex(digest));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static KeyPair pair() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
