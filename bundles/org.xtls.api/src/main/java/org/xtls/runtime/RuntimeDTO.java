package org.xtls.runtime;

import java.util.List;
import java.util.Map;
import org.osgi.dto.DTO;

/** The state of XTLS in a container. */
public class RuntimeDTO extends DTO {
    /** Grows with every change. */
    public long changeCount;
    /** Bound addresses of the links that are there. */
    public List<String> links = List.of();
    /** The methods that are there, the preferred one first. */
    public List<MethodDTO> methods = List.of();
    /** Tunnels and negotiations. */
    public List<TunnelDTO> tunnels = List.of();
    /** The policy in force, by key. */
    public Map<String, String> policy = Map.of();
    /** What is missing before a tunnel can be made, such as {@code TLS engine}; empty when nothing is. */
    public List<String> missing = List.of();
    /** What has happened so far. */
    public CountsDTO counts = new CountsDTO();

    /** Nothing is filled in. */
    public RuntimeDTO() {}
}
