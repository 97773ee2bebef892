package org.xtls.runtime;

import java.util.Map;
import org.osgi.dto.DTO;

/**
 * What has happened since the tunnel service started. It starts again from nothing with the service. A reason is the name
 * of a {@link org.xtls.Failure.Code} as the enum writes it, such as {@code NO_COMMON_METHOD}.
 */
public class CountsDTO extends DTO {
    /** Negotiations that led to a tunnel, renewals among them, by the method used. */
    public Map<String, Long> handshakes = Map.of();
    /** Negotiations that came to nothing, by reason. */
    public Map<String, Long> failures = Map.of();
    /** Tunnels that were up and have ended, by reason: {@code CLOSED} and {@code CLOSED_BY_PEER} are the good ones. */
    public Map<String, Long> closures = Map.of();
    /** Bytes of TLS records sent, handshakes included, before Base64. They do not change the change count. */
    public long bytesSent;
    /** Bytes of TLS records received, handshakes included, after Base64. They do not change the change count. */
    public long bytesReceived;

    /** Nothing has happened. */
    public CountsDTO() {}
}
