package org.xtls.tunnel.service;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The configuration {@code org.xtls.tunnel}. */
@ObjectClassDefinition(
        name = "XTLS tunnels",
        description = "Bounds and deadlines of tunnels and negotiations. A change is for new tunnels; that of 'threads'"
                + " takes effect at once.")
@interface TunnelSettings {
    @AttributeDefinition(
            name = "Window",
            description =
                    "How many of ours may be unanswered at once. Unit: data IQs. Default: 16. Range: 2 to" + " 1024.",
            min = "2",
            max = "1024",
            required = false)
    int window() default 16;

    @AttributeDefinition(
            name = "Bytes in an IQ",
            description = "How much of TLS records goes into one data IQ of ours at most, before Base64; the least"
                    + " is one full record. Servers cap stanzas. Unit: bytes. Default: 16645. Range: 16645 to"
                    + " 16777216.",
            min = "16645",
            max = "16777216",
            required = false)
    int iqBytes() default 16_645;

    @AttributeDefinition(
            name = "Bytes taken from an IQ",
            description = "How much is taken from one data IQ of a peer at most, after Base64 is undone. Unit:"
                    + " bytes. Default: 131072. Range: 16645 to 16777216.",
            min = "16645",
            max = "16777216",
            required = false)
    int dataBytes() default 131_072;

    @AttributeDefinition(
            name = "Bytes of a stanza",
            description = "How large one stanza inside a tunnel may be, either way. Unit: bytes. Default: 524288."
                    + " Range: 65536 to 67108864.",
            min = "65536",
            max = "67108864",
            required = false)
    int stanzaBytes() default 524_288;

    @AttributeDefinition(
            name = "Bytes in a queue",
            description = "How much of stanzas may wait to be sent through one tunnel; not less than 'stanzaBytes'."
                    + " Unit: bytes. Default: 8388608. Range: 65536 to 1073741824.",
            min = "65536",
            max = "1073741824",
            required = false)
    int queueBytes() default 8_388_608;

    @AttributeDefinition(
            name = "Negotiation time",
            description = "How long a whole negotiation may take, people at prompts on both sides included. Unit:"
                    + " milliseconds. Default: 300000. Range: 1000 to 86400000.",
            min = "1000",
            max = "86400000",
            required = false)
    long negotiationMillis() default 300_000;

    @AttributeDefinition(
            name = "Answer time",
            description = "How long the answer to a data or close IQ may take, and the peer's count to move. Unit:"
                    + " milliseconds. Default: 60000. Range: 1000 to 86400000.",
            min = "1000",
            max = "86400000",
            required = false)
    long answerMillis() default 60_000;

    @AttributeDefinition(
            name = "Half-open tunnels",
            description = "How many may be started by peers and not up yet, in all. Unit: tunnels. Default: 64."
                    + " Range: 1 to 1000000.",
            min = "1",
            max = "1000000",
            required = false)
    int halfOpen() default 64;

    @AttributeDefinition(
            name = "Half-open tunnels of a peer",
            description = "The same for all resources of one bare JID. Unit: tunnels. Default: 4. Range: 1 to 1000000.",
            min = "1",
            max = "1000000",
            required = false)
    int halfOpenOfPeer() default 4;

    @AttributeDefinition(
            name = "Tunnels",
            description = "How many may be up, in all, before peers can start no more. Unit: tunnels. Default:"
                    + " 1024. Range: 1 to 1000000.",
            min = "1",
            max = "1000000",
            required = false)
    int tunnels() default 1_024;

    @AttributeDefinition(
            name = "Tunnels of a peer",
            description =
                    "The same for all resources of one bare JID. Unit: tunnels. Default: 64. Range: 1 to 1000000.",
            min = "1",
            max = "1000000",
            required = false)
    int tunnelsOfPeer() default 64;

    @AttributeDefinition(
            name = "Threads",
            description = "How many there are for all tunnels together. Unit: threads. Default: 8. Range: 1 to 256.",
            min = "1",
            max = "256",
            required = false)
    int threads() default 8;
}
