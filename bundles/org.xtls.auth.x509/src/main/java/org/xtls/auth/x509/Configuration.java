package org.xtls.auth.x509;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
        name = "XTLS method X.509",
        description = "Where the certificates of this side's own accounts come from: a key store, PEM files or"
                + " a token, one of them; where none is configured, certificates are made on first use. In"
                + " paths and aliases '{account}' stands for the account's bare JID, so that each has its"
                + " own; in paths each octet of it but a-z, 0-9 and @._- is written %xx. Files that are"
                + " configured are read again when they change. A change of the configuration is for"
                + " negotiations from then on.")
@interface Configuration {
    /** Configuration: where generated certificates are kept. */
    @AttributeDefinition(
            name = "Directory",
            description = "Path of the directory that holds the PKCS#12 files of the own accounts, with a key and a"
                    + " self-signed certificate made on first use and renewed. It is made for its owner only;"
                    + " one that others may write to is refused. Default, when empty: the directory 'identity'"
                    + " below the framework property 'xtls.home', or in the bundle's data area where that is not"
                    + " set.",
            required = false)
    String directory() default "";

    /** Configuration, {@code .passphrase}: the dot keeps it out of the service properties. */
    @AttributeDefinition(
            name = "Passphrase",
            description = "Encrypts the files in the directory; ASCII. Files that have another one so far, or none,"
                    + " are encrypted anew once they have been opened: without a passphrase, with the former one"
                    + " of this configuration, or with what a person says when asked. Once it has been set it"
                    + " may be taken out again; then a person is asked. Default, when empty: new files are not"
                    + " encrypted.",
            type = AttributeType.PASSWORD,
            required = false)
    String _passphrase() default "";

    /** Configuration, {@code renew.before}: when the next key is made. */
    @AttributeDefinition(
            name = "Renew before",
            description = "How long before a certificate in the directory expires the next one is made and, from"
                    + " then on, handed to peers inside tunnels. Unit: days. Default: 60. Range: 2 to 365.",
            min = "2",
            max = "365",
            required = false)
    int renew_before() default 60;

    /** Configuration, {@code switch.before}: when the next key becomes the current one. */
    @AttributeDefinition(
            name = "Switch before",
            description = "How long before a certificate in the directory expires the next one takes its place;"
                    + " fewer than 'renew.before'. A next one that was made late is given the same time to"
                    + " become known, but for the last day. Unit: days. Default: 15. Range: 1 to 364.",
            min = "1",
            max = "364",
            required = false)
    int switch_before() default 15;

    /** Configuration: a key store instead. */
    @AttributeDefinition(
            name = "Key store",
            description = "Path of a PKCS#12 file with a key and its certificate chain; nothing is made then."
                    + " Default, when empty: none.",
            required = false)
    String keystore() default "";

    /** Configuration, {@code .keystore.password}. */
    @AttributeDefinition(
            name = "Key store password",
            description = "The password of the key store and of the key in it; where it is empty and does not open"
                    + " the key store a person is asked. Default, when empty: the empty password.",
            type = AttributeType.PASSWORD,
            required = false)
    String _keystore_password() default "";

    /** Configuration: which key. */
    @AttributeDefinition(
            name = "Key store alias",
            description = "Alias (friendly name) of the key to use, for a key store with several. Default, when"
                    + " empty: the only key.",
            required = false)
    String keystore_alias() default "";

    /** Configuration: a certificate in PEM. */
    @AttributeDefinition(
            name = "Certificate",
            description = "Path of a PEM file with the certificate and, after it, those that lead from it to its"
                    + " CA; at most 1 MiB. Default, when empty: none.",
            required = false)
    String certificate() default "";

    /** Configuration: its key in PEM. */
    @AttributeDefinition(
            name = "Key",
            description = "Path of a PEM file with the certificate's private key: PKCS#8, plain or encrypted, or"
                    + " the traditional form of an EC or RSA key. One that is not encrypted has to be closed to"
                    + " others than owner and group. Default, when empty: the file of the certificate.",
            required = false)
    String key() default "";

    /** Configuration, {@code .key.passphrase}. */
    @AttributeDefinition(
            name = "Key passphrase",
            description = "Opens the key, where it is encrypted. Default, when empty: a person is asked.",
            type = AttributeType.PASSWORD,
            required = false)
    String _key_passphrase() default "";

    /** Configuration: a token. */
    @AttributeDefinition(
            name = "PKCS#11 library",
            description = "Path of the library (.so, .dll, .dylib) through which a token is used; its private key"
                    + " never enters this process. Default, when empty: none.",
            required = false)
    String pkcs11_library() default "";

    /** Configuration: the token's slot. */
    @AttributeDefinition(
            name = "PKCS#11 slot",
            description = "The number of the token's slot, as 'pkcs11-tool --list-slots' and 'softhsm2-util"
                    + " --show-slots' show it: 0 to 2147483647, decimal, or 0x and hex. Default, when empty: the"
                    + " first slot.",
            required = false)
    String pkcs11_slot() default "";

    /** Configuration: the key on the token. */
    @AttributeDefinition(
            name = "PKCS#11 alias",
            description = "The label of the certificate on the token; its private key has the same ID. Default,"
                    + " when empty: the only key with a certificate.",
            required = false)
    String pkcs11_alias() default "";

    /** Configuration, {@code .pkcs11.pin}. */
    @AttributeDefinition(
            name = "PKCS#11 PIN",
            description = "The user PIN of the token. One that is wrong is not tried again until it is changed: a"
                    + " token locks itself after a few. Default, when empty: a person is asked, or the token's"
                    + " own PIN pad.",
            type = AttributeType.PASSWORD,
            required = false)
    String _pkcs11_pin() default "";

    /** Configuration: the CA's word on the own certificate. */
    @AttributeDefinition(
            name = "OCSP response",
            description = "Path of a DER file with an OCSP response for the own certificate, at most 16 KiB, which"
                    + " peers that ask for one are given in the handshake. One that is outdated, or about"
                    + " another certificate, is left out with a warning. Default, when empty: none.",
            required = false)
    String ocsp() default "";
}
