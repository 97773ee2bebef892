package org.xtls.server.loopback.component;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A configured server. */
@ObjectClassDefinition(
        name = "XTLS loopback XMPP server",
        description = "A small XMPP server on 127.0.0.1, without TLS, for demonstrations and tests, not for"
                + " production. A change starts the server anew.")
public @interface LoopbackServerConfiguration {

    /** The port. */
    @AttributeDefinition(
            name = "Port",
            description = "TCP port on 127.0.0.1. 0 takes a free one, which the log and the service tell. Unit:"
                    + " port. Default: 0. Range: 0 to 65535.",
            min = "0",
            max = "65535",
            required = false)
    int port() default 0;

    /** More domains than those of the users. */
    @AttributeDefinition(
            name = "Domains",
            description =
                    "Domains hosted besides those of the users; localhost if there are no users. Default:" + " none.",
            required = false)
    String[] domains() default {};

    /** The users. */
    @AttributeDefinition(
            name = "Users",
            description = "The accounts, each 'local@domain=password'. Default: none.",
            type = AttributeType.PASSWORD,
            required = false)
    String[] users() default {};

    /**
     * Whether presence goes to all. A text, because Declarative Services would make {@code false} of every word but {@code
     * true}.
     */
    @AttributeDefinition(
            name = "Everyone sees everyone",
            description = "Whether all users are subscribed to one another's presence. Default: true.",
            type = AttributeType.BOOLEAN,
            required = false)
    String everyoneSeesEveryone() default "true";

    /** The cap on stanzas. */
    @AttributeDefinition(
            name = "Stanza limit",
            description = "How large a stanza may be that a client sends. Unit: bytes. Default: 262144. Range: 1024"
                    + " to 16777216.",
            min = "1024",
            max = "16777216",
            required = false)
    int stanzaLimit() default 262144;

    /** The trace file. */
    @AttributeDefinition(
            name = "Wiretap",
            description = "Path of a file to which each routed stanza is appended, one on a line. Default, when"
                    + " empty: none.",
            required = false)
    String wiretap() default "";
}
