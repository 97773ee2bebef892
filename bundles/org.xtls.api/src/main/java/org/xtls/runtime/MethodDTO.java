package org.xtls.runtime;

import org.osgi.dto.DTO;

/** An authentication method that is installed. */
public class MethodDTO extends DTO {
    /** Its name on the wire. */
    public String name = "";
    /** Its place among methods, the highest first. */
    public int preference;
    /** The id of the service that serves it. */
    public long serviceId;
    /** Symbolic name of its bundle. */
    public String bundle = "";
    /** Version of its bundle. */
    public String version = "";

    /** Nothing is filled in. */
    public MethodDTO() {}
}
