package org.xtls.trust;

import org.xtls.FullJid;

/**
 * What a human is asked.
 *
 * @param local the own address
 * @param peer the peer's address, as claimed
 * @param key what it proved to hold
 * @param known what was known of the peer before
 * @param concern what speaks against a yes, one sentence for people: that the key has changed, or what is held of the peer
 *     that it did not prove; empty on a first contact
 */
public record TrustQuestion(FullJid local, FullJid peer, KeyName key, KnownPeer known, String concern) {}
