package org.xtls.tls.bc;

import org.bouncycastle.tls.TlsFatalAlert;
import org.jspecify.annotations.Nullable;

/** This side's own reason to end a handshake, with a sentence for the user. */
final class Refusal extends TlsFatalAlert {
    private static final long serialVersionUID = 1L;

    private final String reason;

    Refusal(short alert, String reason) {
        this(alert, reason, null);
    }

    Refusal(short alert, String reason, @Nullable Throwable cause) {
        super(alert, reason, cause);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
