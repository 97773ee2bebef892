package org.xtls.tunnel.service;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The configuration {@code org.xtls.tunnel}. */
@ObjectClassDefinition(name = "XTLS tunnels", description = "Bounds and deadlines of tunnels and negotiations.")
@interface TunnelSettings {
    @AttributeDefinition(
            name = "Window",
            description = "Data IQs that may be unanswered at once, 2 to 1024. A change is for new tunnels.",
            min = "2",
            max = "1024")
    int window() default 16;

    @AttributeDefinition(
            name = "Bytes in an IQ",
            description = "Most bytes of TLS records in one data IQ, before Base64, at least 16645 (one full record)."
                    + " Servers cap stanzas.",
            min = "16645")
    int iqBytes() default 16_645;

    @AttributeDefinition(
            name = "Bytes taken from an IQ",
            description = "Most bytes taken from one data IQ of a peer, after Base64, at least 16645.",
            min = "16645")
    int dataBytes() default 131_072;

    @AttributeDefinition(
            name = "Bytes of a stanza",
            description = "Most bytes of one stanza inside a tunnel, either way, at least 65536.",
            min = "65536")
    int stanzaBytes() default 524_288;

    @AttributeDefinition(
            name = "Bytes in a queue",
            description = "Most bytes of stanzas that wait to be sent through one tunnel, at least one largest stanza.")
    int queueBytes() default 8_388_608;

    @AttributeDefinition(
            name = "Negotiation time",
            description = "Milliseconds for a whole negotiation, humans at prompts on both sides included, from 1000.",
            min = "1000")
    long negotiationMillis() default 300_000;

    @AttributeDefinition(
            name = "Answer time",
            description = "Milliseconds for the answer to one data or close IQ, from 1000.",
            min = "1000")
    long answerMillis() default 60_000;

    @AttributeDefinition(
            name = "Half-open tunnels",
            description = "Most tunnels that peers have started and that are not up, in all, from 1.",
            min = "1")
    int halfOpen() default 64;

    @AttributeDefinition(
            name = "Half-open tunnels of a peer",
            description = "The same for the resources of one bare JID, from 1.",
            min = "1")
    int halfOpenOfPeer() default 4;

    @AttributeDefinition(
            name = "Tunnels",
            description = "Most tunnels that are up, in all, beyond which peers can start none, from 1.",
            min = "1")
    int tunnels() default 1_024;

    @AttributeDefinition(
            name = "Tunnels of a peer",
            description = "The same for the resources of one bare JID, from 1.",
            min = "1")
    int tunnelsOfPeer() default 64;

    @AttributeDefinition(
            name = "Threads",
            description = "Threads that all tunnels share, 1 to 256. A change takes effect at once.",
            min = "1",
            max = "256")
    int threads() default 8;
}
