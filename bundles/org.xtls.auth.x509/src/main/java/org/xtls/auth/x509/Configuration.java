package org.xtls.auth.x509;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
        name = "XTLS method X.509",
        description = "Where the certificates of this side's own accounts come from.")
@interface Configuration {
    /** Configuration: where generated certificates are kept. */
    @AttributeDefinition(
            name = "Directory",
            description = "Path of the directory that holds one PKCS#12 file for each own account, with a key and a"
                    + " self-signed certificate made on first use. It is created for its owner only; one that others"
                    + " may write to is refused. Default, when empty: the directory 'identity' below the framework"
                    + " property 'xtls.home', or in the bundle's data area where that is not set.",
            required = false)
    String directory() default "";

    /** Configuration: a key store instead. */
    @AttributeDefinition(
            name = "Key store",
            description = "Path of a PKCS#12 file whose key and certificate chain serve all own accounts; nothing is"
                    + " generated then. Ed25519, Ed448, ECDSA on P-256 or P-384, RSA from 2048 bits. A file that"
                    + " changes is read again at the next negotiation. Default, when empty: none.",
            required = false)
    String keystore() default "";

    /** Configuration, {@code .keystore.password}: the dot keeps it out of the service properties. */
    @AttributeDefinition(
            name = "Key store password",
            description = "The password of the key store and of the key in it. Default: the empty password.",
            type = AttributeType.PASSWORD,
            required = false)
    String _keystore_password() default "";

    /** Configuration: which key. */
    @AttributeDefinition(
            name = "Key store alias",
            description = "Alias (friendly name) of the key to use, for a key store with several. Default, when empty:"
                    + " the only key.",
            required = false)
    String keystore_alias() default "";
}
