package org.xtls.trust;

/** What a human can answer. */
public enum TrustAnswer {
    /** The fingerprint has been compared: from now on this key is verified for this peer. */
    VERIFIED,
    /** Not compared: take it, marked as first use. */
    FIRST_USE,
    /** No. Nothing is remembered. */
    REJECT
}
