package org.xtls.auth.x509;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

@ObjectClassDefinition(
        name = "XTLS method X.509: trusted CAs",
        description =
                "Whose word on peers' certificates counts, and how it is learned that they have been revoked. Files"
                        + " are read again when they change; nothing is ever fetched from the network.")
@interface TrustConfiguration {
    /** Configuration: the CAs. */
    @AttributeDefinition(
            name = "CAs",
            description =
                    "Each DOMAINS=PATH, or PATH alone, which is *=PATH. PATH is a PEM or DER file with one or more"
                            + " CA certificates, at most 1 MiB. DOMAINS says for which peers they may speak: '*' for all, or a"
                            + " list, separated by commas, of domains and of '*.domain' for all below one. A peer of a domain"
                            + " that is named here gets no unverified tunnel without the user's word. Default: none.",
            required = false)
    String[] anchors() default {};

    /** Configuration: certificate revocation lists. */
    @AttributeDefinition(
            name = "CRLs",
            description = "Paths of PEM or DER files with certificate revocation lists, at most 32 MiB each, or of"
                    + " directories whose files all are such. Default: none.",
            required = false)
    String[] crls() default {};

    /** Configuration: OCSP responses. */
    @AttributeDefinition(
            name = "OCSP responses",
            description =
                    "Paths of DER files with one OCSP response each, at most 1 MiB, or of directories whose files all"
                            + " are such. They count beside those that peers hand over in the handshake. Default: none.",
            required = false)
    String[] ocsp() default {};

    /** Configuration: what revocation means. */
    @AttributeDefinition(
            name = "Revocation",
            description = "off: not looked at. soft: a revoked certificate is refused, one whose status is not known is"
                    + " taken. hard: one without a valid word that it is good is refused, its CAs included. Pinned"
                    + " certificates are not looked up. Default: soft.",
            options = {
                @Option(label = "off", value = "off"),
                @Option(label = "soft", value = "soft"),
                @Option(label = "hard", value = "hard")
            },
            required = false)
    String revocation() default "soft";

    /** Configuration: how long paths may be. */
    @AttributeDefinition(
            name = "Path length",
            description =
                    "The most CA certificates between a trusted CA and a peer's certificate. Default: 5; range: 0 to 9.",
            min = "0",
            max = "9",
            required = false)
    int pathLength() default TrustSettings.PATH_LENGTH;

    /** Configuration: how many certificates a peer may send. */
    @AttributeDefinition(
            name = "Chain length",
            description =
                    "The most certificates that a peer may present, those that are of no use included. Default: 10;"
                            + " range: 1 to 10.",
            min = "1",
            max = "10",
            required = false)
    int chainLength() default TrustSettings.CHAIN_LENGTH;
}
