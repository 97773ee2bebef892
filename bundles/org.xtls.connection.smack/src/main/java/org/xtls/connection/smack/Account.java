package org.xtls.connection.smack;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A configured account. */
@ObjectClassDefinition(
        name = "XTLS connection to an XMPP server",
        description = "One account that is logged in as long as this configuration exists.")
public @interface Account {
    /** The address. */
    @AttributeDefinition(
            name = "Address",
            description = "The account as user@domain; no default. A new address logs in anew.")
    String jid();

    /** The password. */
    @AttributeDefinition(
            name = "Password",
            description = "The account's password; no default. It is never logged.",
            type = AttributeType.PASSWORD)
    String _password();

    /** The server's host. */
    @AttributeDefinition(
            name = "Host",
            description = "Name or IP address of the server. Default: empty, which finds it by the domain's SRV records"
                    + " (RFC 6120 §3.2).",
            required = false)
    String host() default "";

    /** The server's port. */
    @AttributeDefinition(
            name = "Port",
            description = "TCP port of the server, 1 to 65535; needs a host. Default: 0, which means 5222.",
            min = "0",
            max = "65535",
            required = false)
    int port() default 0;

    /** The resource. */
    @AttributeDefinition(
            name = "Resource",
            description = "The resource to bind. Default: empty, which leaves the choice to the server.",
            required = false)
    String resource() default "";

    /** TLS to the server. */
    @AttributeDefinition(
            name = "Server TLS",
            description = "How the connection to the server is secured: 'required' (certificate trusted by the JDK and"
                    + " made out to the domain), 'pin:SHA256' (exactly this certificate, 64 hex digits) or 'disabled'"
                    + " (for a server on this machine). Default: required.",
            required = false)
    String serverTls() default "required";

    /** Whether to log in again. */
    @AttributeDefinition(
            name = "Reconnect",
            description = "Whether to log in again after the stream is lost or a login has failed; a wrong password is"
                    + " not tried again. Default: true.",
            required = false)
    boolean reconnect() default true;

    /** The longest pause. */
    @AttributeDefinition(
            name = "Longest pause",
            description = "Seconds, 1 to 86400: the pause between two attempts, 1 second at first, doubles up to this."
                    + " Default: 300.",
            min = "1",
            max = "86400",
            required = false)
    int longestPause() default 300;
}
