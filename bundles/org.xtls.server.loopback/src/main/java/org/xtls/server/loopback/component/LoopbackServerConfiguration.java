package org.xtls.server.loopback.component;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A configured server. */
@ObjectClassDefinition(
        name = "XTLS loopback XMPP server",
        description = "An XMPP server on 127.0.0.1, without TLS, for demonstrations and tests. Not for production.")
public @interface LoopbackServerConfiguration {

    /** The port. */
    @AttributeDefinition(
            name = "Port",
            description =
                    "TCP port on 127.0.0.1. 0, the default, takes a free one, which the log and the service tell.",
            min = "0",
            max = "65535")
    int port() default 0;

    /** More domains than those of the users. */
    @AttributeDefinition(
            name = "Domains",
            description = "Domains hosted besides those of the users. Default: none; localhost if there are no users.")
    String[] domains() default {};

    /** The users. */
    @AttributeDefinition(
            name = "Users",
            description = "The accounts, each written local@domain=password. Default: none.",
            type = AttributeType.PASSWORD)
    String[] users() default {};

    /** Whether presence goes to all. */
    @AttributeDefinition(
            name = "Everyone sees everyone",
            description = "Whether all users are subscribed to one another's presence. Default: yes.")
    boolean everyoneSeesEveryone() default true;

    /** The cap on stanzas. */
    @AttributeDefinition(
            name = "Stanza limit",
            description = "The most bytes of a stanza that a client may send, 1024 to 16777216. Default: 262144.",
            min = "1024",
            max = "16777216")
    int stanzaLimit() default 262144;

    /** The trace file. */
    @AttributeDefinition(
            name = "Wiretap",
            description = "A file to which each routed stanza is appended, one on a line. Default: none.")
    String wiretap() default "";
}
