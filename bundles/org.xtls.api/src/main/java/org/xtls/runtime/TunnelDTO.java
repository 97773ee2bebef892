package org.xtls.runtime;

import org.osgi.dto.DTO;

/** A tunnel, or a negotiation that may become one. Texts that are not known yet are empty. */
public class TunnelDTO extends DTO {
    /** Short name, as in the log. */
    public String id = "";
    /** This side's address. */
    public String local = "";
    /** The peer's address. */
    public String peer = "";
    /** {@code initiator} or {@code responder}. */
    public String role = "";
    /** {@code negotiating}, {@code open}, {@code renewing} or {@code closing}. */
    public String state = "";
    /** The authentication method. */
    public String method = "";
    /** The TLS version. */
    public String tls = "";
    /** The key exchange group. */
    public String group = "";
    /** The cipher suite. */
    public String suite = "";
    /** {@code verified} or {@code unverified}. */
    public String trust = "";
    /** On what grounds. */
    public String evidence = "";
    /** Fingerprint of what the peer proved to hold. */
    public String fingerprint = "";
    /** Whether the peer confirmed the offers. */
    public boolean offersConfirmed;
    /** {@code peer} or {@code link}: whose word completes a send. */
    public String acknowledgement = "";
    /** Stanzas sent. */
    public long sent;
    /** Stanzas sent and acknowledged. */
    public long acknowledged;
    /** Stanzas received. */
    public long received;
    /** Stanzas waiting to be sent. */
    public int queued;

    /** Nothing is filled in. */
    public TunnelDTO() {}
}
