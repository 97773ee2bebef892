package org.xtls.connection.smack;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A configured account. */
@ObjectClassDefinition(
        name = "XTLS connection to an XMPP server",
        description = "One account that is logged in as long as this configuration exists. A change logs in" + " anew.")
public @interface Account {
    /** The address. */
    @AttributeDefinition(name = "Address", description = "The account, user@domain. No default: it has to be set.")
    String jid();

    /** The password. */
    @AttributeDefinition(
            name = "Password",
            description = "The account's password. It is never logged. No default: it has to be set.",
            type = AttributeType.PASSWORD)
    String _password();

    /** The server's host. */
    @AttributeDefinition(
            name = "Host",
            description = "Name or IP address of the server. Default, when empty: by the domain's SRV records (RFC"
                    + " 6120 §3.2).",
            required = false)
    String host() default "";

    /** The server's port. */
    @AttributeDefinition(
            name = "Port",
            description = "TCP port of the server; needs 'host'. 0 means 5222. Unit: port. Default: 0. Range: 0 to"
                    + " 65535.",
            min = "0",
            max = "65535",
            required = false)
    int port() default 0;

    /** The resource. */
    @AttributeDefinition(
            name = "Resource",
            description = "The resource to bind. Default, when empty: the server chooses.",
            required = false)
    String resource() default "";

    /** TLS to the server. */
    @AttributeDefinition(
            name = "Server TLS",
            description = "How the connection to the server is secured: 'required' (a certificate trusted by the"
                    + " JDK and made out to the domain), 'pin:SHA256' (exactly this certificate, 64 hex digits)"
                    + " or 'disabled' (for a server on this machine). Default: required.",
            required = false)
    String serverTls() default "required";

    /**
     * Whether to log in again. A text, because Declarative Services would make {@code false} of every word but {@code true}.
     */
    @AttributeDefinition(
            name = "Reconnect",
            description = "Whether to log in again after the stream is lost or a login has failed; a wrong password"
                    + " is not tried again. Default: true.",
            type = AttributeType.BOOLEAN,
            required = false)
    String reconnect() default "true";

    /** The longest pause. */
    @AttributeDefinition(
            name = "Longest pause",
            description = "Up to what the pause between two attempts doubles; it is 1 second at first. Unit:"
                    + " seconds. Default: 300. Range: 1 to 86400.",
            min = "1",
            max = "86400",
            required = false)
    int longestPause() default 300;
}
