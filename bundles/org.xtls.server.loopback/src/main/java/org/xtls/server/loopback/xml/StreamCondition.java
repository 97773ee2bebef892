package org.xtls.server.loopback.xml;

import java.util.Locale;

/** The conditions of stream errors that this server uses (RFC 6120, section 4.9.3). */
public enum StreamCondition {
    BAD_FORMAT,
    CONFLICT,
    CONNECTION_TIMEOUT,
    HOST_UNKNOWN,
    INTERNAL_SERVER_ERROR,
    INVALID_FROM,
    INVALID_NAMESPACE,
    NOT_AUTHORIZED,
    NOT_WELL_FORMED,
    POLICY_VIOLATION,
    RESOURCE_CONSTRAINT,
    RESTRICTED_XML,
    SYSTEM_SHUTDOWN,
    UNSUPPORTED_ENCODING,
    UNSUPPORTED_STANZA_TYPE,
    UNSUPPORTED_VERSION;

    /** The name of the element. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
