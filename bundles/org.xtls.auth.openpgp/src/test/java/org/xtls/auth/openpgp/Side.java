package org.xtls.auth.openpgp;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.auth.Verdict;
import org.xtls.tls.Proof;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.Policy;
import org.xtls.xml.Element;

/** One of two people, with a key, a trust store, and the method over both. */
final class Side implements AutoCloseable {
    final BareJid jid;
    final PGPKeyPair primary;
    final PGPKeyPair subkey;
    final Certificate certificate;
    final MemoryTrustStore store = new MemoryTrustStore();
    final OpenPgpKeys keys;
    final OpenPgpMethod method;
    Policy policy = Policy.DEFAULT;

    Side(Path directory, String jid) {
        this(directory, jid, Pgp.ed25519(), Pgp.ed25519(), "xmpp:" + jid, List.of(), null, List.of());
    }

    Side(Path directory, String jid, List<Path> rings, Path wkd, List<Introducer> introducers) {
        this(directory, jid, Pgp.ed25519(), Pgp.ed25519(), "xmpp:" + jid, rings, wkd, introducers);
    }

    Side(
            Path directory,
            String jid,
            PGPKeyPair primary,
            PGPKeyPair subkey,
            String userId,
            List<Path> rings,
            Path wkd,
            List<Introducer> introducers) {
        this.jid = BareJid.parse(jid);
        this.primary = primary;
        this.subkey = subkey;
        this.certificate = Pgp.read(Pgp.sound(primary, subkey, userId));
        Settings settings = Settings.withKey(Pgp.secretFile(directory, primary, subkey, userId), "")
                .withPeers(rings, wkd, introducers);
        keys = new OpenPgpKeys(settings, Clock.fixed(Pgp.NOW, ZoneOffset.UTC));
        keys.use(store);
        store.listeners.add(keys);
        method = new OpenPgpMethod(keys);
    }

    KeyName name() {
        return certificate.name();
    }

    void knows(Side other, KeyState state) {
        Stages.await(store.put(other.jid, other.name(), state, "test"));
    }

    void pins(Side other) {
        knows(other, KeyState.VERIFIED);
        Stages.await(store.keep(other.jid, other.name(), other.certificate.bytes()));
    }

    Negotiation with(BareJid peer, Role role, Offer sent, Offer received) {
        return new Negotiation(full(jid), full(peer), role, false, policy, sent, received);
    }

    Negotiation probedBy(BareJid peer, Offer received) {
        return new Negotiation(full(jid), full(peer), Role.RESPONDER, true, policy, null, received);
    }

    Offer offerTo(BareJid peer) {
        return Offer.of(Stages.await(method.offer(with(peer, Role.INITIATOR, null, null))));
    }

    /** Judges a key that was proved by somebody who sent this offer. */
    Verdict judges(BareJid peer, Offer received, Proof proof) {
        return Stages.await(method.verify(with(peer, Role.RESPONDER, null, received), proof));
    }

    static Proof proof(PGPKeyPair key) {
        try {
            return new Proof.RawPublicKey(KeyKind.of(key.getPublicKey()).toPublicKey());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    static Offer offer(Element... things) {
        return Offer.of(List.of(things));
    }

    /** What somebody offers who has this certificate. */
    static Offer offering(byte[] certificate) {
        return offer(OfferedKeys.keyinfo(Pgp.read(certificate).fingerprint()), OfferedKeys.certificate(certificate));
    }

    private static FullJid full(BareJid bare) {
        return bare.at("here");
    }

    @Override
    public void close() {
        keys.close();
    }
}
