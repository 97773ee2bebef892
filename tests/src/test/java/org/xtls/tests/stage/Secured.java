package org.xtls.tests.stage;

/** What secures a tunnel. */
public record Secured(
        String method,
        String tls,
        String group,
        String suite,
        String fingerprint,
        String trust,
        String evidence,
        boolean offersConfirmed,
        String acknowledgement) {}
