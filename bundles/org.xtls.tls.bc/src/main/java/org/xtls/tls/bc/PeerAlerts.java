package org.xtls.tls.bc;

import java.util.Optional;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsFatalAlertReceived;

/** The peer's alerts by RFC 8446 §6: whatever their level says, all but two are fatal. */
final class PeerAlerts {
    private boolean closed;
    private boolean canceled;

    /**
     * Takes note of an alert.
     *
     * @param alert its code
     * @param established whether the handshake is complete
     * @return the end of the session, unless it goes on
     */
    Optional<TlsFatalAlertReceived> received(short alert, boolean established) {
        if (closed) {
            return Optional.empty();
        }
        if (alert == AlertDescription.user_canceled) {
            canceled = true; // close_notify is to follow
            return Optional.empty();
        }
        if (alert == AlertDescription.close_notify && established) {
            closed = true;
            return Optional.empty();
        }
        boolean givenUp = alert == AlertDescription.close_notify && canceled;
        return Optional.of(new TlsFatalAlertReceived(givenUp ? AlertDescription.user_canceled : alert));
    }

    /** Whether the peer will write no more. */
    boolean closed() {
        return closed;
    }
}
