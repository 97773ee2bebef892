package org.xtls.jmx;

import java.util.List;
import java.util.Map;

/**
 * The attributes of {@code org.xtls:type=Runtime}. Counts begin when the tunnel service starts, and again when it starts
 * again. Without a tunnel service everything is empty or 0, and {@link #getMissing} says so.
 */
public interface XtlsMXBean {
    /** Whether tunnels can be made: nothing is missing and there is a link. */
    boolean isReady();

    /** What is missing before a tunnel can be made. */
    List<String> getMissing();

    /** The own addresses that are connected, as bound. */
    List<String> getLinks();

    /** The names of the authentication methods that are there, the preferred one first. */
    List<String> getMethods();

    /** Tunnels that are up. */
    int getTunnels();

    /** Tunnels and negotiations, by state: {@code negotiating}, {@code open}, {@code renewing}, {@code closing}. */
    Map<String, Integer> getTunnelsByState();

    /** Tunnels that are up, by authentication method. */
    Map<String, Integer> getTunnelsByMethod();

    /** Negotiations that led to a tunnel. */
    long getHandshakes();

    /** The same, by authentication method. */
    Map<String, Long> getHandshakesByMethod();

    /** Negotiations that came to nothing. */
    long getFailures();

    /** The same, by reason: the names of {@code org.xtls.Failure.Code}. */
    Map<String, Long> getFailuresByReason();

    /** Tunnels that have ended, by reason. */
    Map<String, Long> getClosuresByReason();

    /** Bytes of TLS records sent. */
    long getBytesSent();

    /** Bytes of TLS records received. */
    long getBytesReceived();

    /** Grows with every change, bytes and stanzas not counted. */
    long getChangeCount();
}
