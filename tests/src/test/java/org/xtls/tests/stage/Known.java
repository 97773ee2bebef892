package org.xtls.tests.stage;

/** A key that is known of a peer; the state is a name of {@code KeyState}. */
public record Known(String method, String fingerprint, String state, String evidence) {}
