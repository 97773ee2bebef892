package org.xtls.auth.x509;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

@ObjectClassDefinition(
        name = "XTLS method X.509: trusted CAs",
        description = "Whose word on peers' certificates counts, and how it is learned that they have been"
                + " revoked. Files are read again when they change; nothing is fetched from the network. A"
                + " change of the configuration is for handshakes from then on. A file that cannot be used,"
                + " or that everybody may write to: the method x509 offers nothing and takes nobody until it"
                + " is corrected.")
@interface TrustConfiguration {
    /** Configuration: the CAs. */
    @AttributeDefinition(
            name = "CAs",
            description = "Each DOMAINS=PATH, or PATH alone, which is *=PATH. PATH is a PEM or DER file with one or"
                    + " more CA certificates, at most 1 MiB; 1000 CAs in all. DOMAINS says for which peers they"
                    + " may speak: '*' for all, or domains, and '*.domain' for all below one, with commas"
                    + " between them. A peer of a domain that is named here gets no unverified tunnel without"
                    + " the user's word. Default: none.",
            cardinality = TrustSettings.MOST_PATHS,
            required = false)
    String[] anchors() default {};

    /** Configuration: certificate revocation lists. */
    @AttributeDefinition(
            name = "CRLs",
            description = "Paths of PEM or DER files with certificate revocation lists, at most 32 MiB each, or of"
                    + " directories whose files all are such; 1000 files in all. Default: none.",
            cardinality = TrustSettings.MOST_PATHS,
            required = false)
    String[] crls() default {};

    /** Configuration: OCSP responses. */
    @AttributeDefinition(
            name = "OCSP responses",
            description = "Paths of DER files with one OCSP response each, at most 1 MiB, or of directories whose"
                    + " files all are such; 1000 files in all. They count beside those that peers hand over in"
                    + " the handshake. Default: none.",
            cardinality = TrustSettings.MOST_PATHS,
            required = false)
    String[] ocsp() default {};

    /** Configuration: what revocation means. */
    @AttributeDefinition(
            name = "Revocation",
            description = "What revocation means; pinned certificates are not looked up. Default: soft.",
            options = {
                @Option(label = "not looked at", value = "off"),
                @Option(label = "a revoked certificate is refused, one of unknown status is taken", value = "soft"),
                @Option(
                        label = "a certificate without a valid word that it is good is refused, its CAs included",
                        value = "hard")
            },
            required = false)
    String revocation() default "soft";

    /** Configuration: how long paths may be. */
    @AttributeDefinition(
            name = "Path length",
            description = "How many there may be between a trusted CA and a peer's certificate. Unit: CA"
                    + " certificates. Default: 5. Range: 0 to 9.",
            min = "0",
            max = "9",
            required = false)
    int pathLength() default TrustSettings.PATH_LENGTH;

    /** Configuration: how many certificates a peer may send. */
    @AttributeDefinition(
            name = "Chain length",
            description = "How many a peer may present, those that are of no use included. Unit: certificates."
                    + " Default: 10. Range: 1 to 10.",
            min = "1",
            max = "10",
            required = false)
    int chainLength() default TrustSettings.CHAIN_LENGTH;
}
