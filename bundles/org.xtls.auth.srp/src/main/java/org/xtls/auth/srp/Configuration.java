package org.xtls.auth.srp;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

@ObjectClassDefinition(
        name = "XTLS method SRP",
        description = "Passwords and pairing codes: where they are kept, what they cost, how often they can be"
                + " tried. A change is for what is asked or made from then on.")
@interface Configuration {
    /** Configuration: where passwords are kept. */
    @AttributeDefinition(
            name = "Directory",
            description = "Path of the directory that holds the file 'passwords'. It is made for its owner only;"
                    + " one that others may write to is refused. Default, when empty: the directory 'srp' below"
                    + " the framework property 'xtls.home', or in the bundle's data area where that is not set.",
            required = false)
    String directory() default "";

    /** Configuration: the key of the file. */
    @AttributeDefinition(
            name = "Key file",
            description = "Path of the file with the key (32 bytes) that encrypts the kept passwords, made when"
                    + " missing. Away from the directory, on another medium say, it protects copies of the"
                    + " directory. Default, when empty: the file 'key' in the directory.",
            required = false)
    String keyFile() default "";

    /** Configuration: whether the user is asked. */
    @AttributeDefinition(
            name = "Ask",
            description = "When the user is asked for a password that is not kept. Default: answer.",
            options = {
                @Option(label = "never", value = "never"),
                @Option(label = "when a peer without a verified key offers to use one", value = "answer"),
                @Option(label = "also in tunnels that this side begins", value = "always")
            },
            required = false)
    String ask() default "answer";

    /** Configuration: the group. */
    @AttributeDefinition(
            name = "Group",
            description = "Group of RFC 5054 for tunnels that this side begins, and for verifiers. Offers in any of"
                    + " these are answered. Unit: bits. Default: 3072.",
            options = {
                @Option(label = "3072 bits", value = "3072"),
                @Option(label = "4096 bits", value = "4096"),
                @Option(label = "6144 bits", value = "6144"),
                @Option(label = "8192 bits", value = "8192")
            },
            required = false)
    int group() default 3072;

    /** Configuration: Argon2id. */
    @AttributeDefinition(
            name = "Argon2 memory",
            description = "Memory of Argon2id for new verifiers. Unit: KiB. Default: 65536. Range: 19456 to 262144.",
            min = "19456",
            max = "262144",
            required = false)
    int memory() default 65_536;

    /** Configuration: Argon2id. */
    @AttributeDefinition(
            name = "Argon2 iterations",
            description = "Passes of Argon2id over its memory for new verifiers. Unit: passes. Default: 3. Range: 2"
                    + " to 10.",
            min = "2",
            max = "10",
            required = false)
    int iterations() default 3;

    /** Configuration: Argon2id. */
    @AttributeDefinition(
            name = "Argon2 parallelism",
            description = "Lanes of Argon2id for new verifiers. Unit: lanes. Default: 4. Range: 1 to 4.",
            min = "1",
            max = "4",
            required = false)
    int parallelism() default 4;

    /** Configuration: wrong guesses. */
    @AttributeDefinition(
            name = "Guesses",
            description = "How many wrong ones of a peer's password are allowed, this side's own included, until"
                    + " the user unlocks it. Unit: guesses. Default: 5. Range: 1 to 10.",
            min = "1",
            max = "10",
            required = false)
    int guesses() default 5;

    /** Configuration: back-off. */
    @AttributeDefinition(
            name = "Back-off",
            description = "How long a peer's password cannot be tried after the second wrong guess; twice as long"
                    + " after each further one. Unit: seconds. Default: 10. Range: 0 to 3600.",
            min = "0",
            max = "3600",
            required = false)
    int backoffSeconds() default 10;

    /** Configuration: length of pairing codes. */
    @AttributeDefinition(
            name = "Code digits",
            description = "Length of a pairing code. Unit: digits. Default: 9. Range: 6 to 24.",
            min = "6",
            max = "24",
            required = false)
    int codeDigits() default 9;

    /** Configuration: life of pairing codes. */
    @AttributeDefinition(
            name = "Code minutes",
            description = "How long a pairing code is good for. Unit: minutes. Default: 10. Range: 1 to 60.",
            min = "1",
            max = "60",
            required = false)
    int codeMinutes() default 10;

    /**
     * Configuration: the old method. A text, because Declarative Services would make {@code false} of every word but {@code true}.
     */
    @AttributeDefinition(
            name = "RFC 5054",
            description = "Whether the legacy method 'srp' is there as well, for peers that offer XEP-0250's bare"
                    + " <srp/>: TLS 1.2 with CBC and SHA-1. Default: false.",
            type = AttributeType.BOOLEAN,
            required = false)
    String rfc5054() default "false";
}
