package org.xtls.auth.openpgp;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
        name = "XTLS method OpenPGP",
        description = "Where the own OpenPGP key is, where peers' certificates are, and whose certifications"
                + " count. Without a key file and gpg-agent nothing is offered. A change is for negotiations"
                + " from then on, and known keys are looked at again.")
@interface Configuration {
    /** Configuration: an exported secret key. */
    @AttributeDefinition(
            name = "Secret key file",
            description = "Path of a file with the own secret key, as 'gpg --export-secret-keys' writes it, binary"
                    + " or armored, at most 1 MiB, readable by its owner only. It serves all own accounts. A"
                    + " file that changes is read again at the next negotiation. Default, when empty: none.",
            required = false)
    String key() default "";

    /** Configuration, {@code .passphrase}: the dot keeps it out of the service properties. */
    @AttributeDefinition(
            name = "Passphrase",
            description = "Opens the secret key in the file. Default, when empty: a person is asked, should the key"
                    + " need one.",
            type = AttributeType.PASSWORD,
            required = false)
    String _passphrase() default "";

    /**
     * Configuration: gpg-agent instead. A text, because Declarative Services would make {@code false} of every word but {@code true}.
     */
    @AttributeDefinition(
            name = "Use gpg-agent",
            description = "Whether the secret key stays with a running gpg-agent, which signs with it. Not together"
                    + " with 'key'. Default: false.",
            type = AttributeType.BOOLEAN,
            required = false)
    String agent() default "false";

    /** Configuration: which key. */
    @AttributeDefinition(
            name = "Fingerprint",
            description = "Fingerprint of the own primary key: 40 or 64 hex digits, blanks are ignored. Default,"
                    + " when empty: the only secret key there is.",
            required = false)
    String fingerprint() default "";

    /** Configuration: the user's GnuPG. */
    @AttributeDefinition(
            name = "GnuPG home",
            description = "Path of the GnuPG home directory (GNUPGHOME) for gpg-agent. Default, when empty: as the"
                    + " environment says.",
            required = false)
    String gnupg_home() default "";

    /** Configuration: the program. */
    @AttributeDefinition(
            name = "gpg",
            description = "The program gpg, as a path or a name to be found. It exports the own public certificate."
                    + " Default: gpg.",
            required = false)
    String gpg() default "gpg";

    /** Configuration: the program. */
    @AttributeDefinition(
            name = "gpgconf",
            description = "The program gpgconf, as a path or a name to be found. It tells where gpg-agent listens."
                    + " Default: gpgconf.",
            required = false)
    String gpgconf() default "gpgconf";

    /** Configuration: patience. */
    @AttributeDefinition(
            name = "Patience with gpg-agent",
            description = "How long one signature may take, a person at gpg-agent's prompt included. Unit: seconds."
                    + " Default: 60. Range: 1 to 600.",
            min = "1",
            max = "600",
            required = false)
    int agent_timeout() default 60;

    /** Configuration: peers. */
    @AttributeDefinition(
            name = "Key ring files",
            description = "Paths of files with the certificates of peers and introducers, as 'gpg --export' writes"
                    + " them, binary or armored, at most 64 MiB each. They are read again when they change."
                    + " Default: none.",
            required = false)
    String[] keyring() default {};

    /** Configuration: peers, published. */
    @AttributeDefinition(
            name = "Web Key Directory",
            description = "Path of a Web Key Directory as a tree of files: the directory that 'gpg-wks-client"
                    + " --install-key' fills (DOMAIN/hu/HASH), or one with hu/HASH, or one that has either below"
                    + " '.well-known/openpgpkey'. Nothing is fetched. Default, when empty: none.",
            required = false)
    String wkd() default "";

    /** Configuration: the web of trust. */
    @AttributeDefinition(
            name = "Introducers",
            description = "Whose certifications say that a User ID belongs to a key, besides the own key's: each"
                    + " 'FINGERPRINT [full|marginal] [depth]'; full and 0 when left out. The depth, 0 to 5, is"
                    + " how far trust signatures reach from there. Their certificates are looked up in the key"
                    + " ring files. Default: none.",
            required = false)
    String[] introducers() default {};

    /** Configuration: the web of trust. */
    @AttributeDefinition(
            name = "Depth of the own key",
            description = "How far trust signatures made with the own key reach. Unit: steps. Default: 1. Range: 0"
                    + " to 5.",
            min = "0",
            max = "5",
            required = false)
    int depth() default 1;

    /** Configuration: the web of trust. */
    @AttributeDefinition(
            name = "Marginals needed",
            description = "How many that are marginally trusted make one together. Unit: introducers. Default: 3."
                    + " Range: 2 to 10.",
            min = "2",
            max = "10",
            required = false)
    int marginals() default 3;

    /** Configuration: revocation. */
    @AttributeDefinition(
            name = "Recheck",
            description = "How long it is between two looks at whether known keys have expired or been revoked,"
                    + " with changed key ring files taken in. Unit: minutes. Default: 5. Range: 1 to 1440.",
            min = "1",
            max = "1440",
            required = false)
    int recheck() default 5;
}
