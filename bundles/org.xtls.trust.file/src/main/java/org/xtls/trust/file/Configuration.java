package org.xtls.trust.file;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
        name = "XTLS trust store (file)",
        description = "Where the known keys of peers are kept, and how many strangers may add to them. A change"
                + " takes effect at once.")
@interface Configuration {
    /** Service property and configuration: the directory. */
    @AttributeDefinition(
            name = "Directory",
            description = "Path of the directory that holds the file 'known-keys'. It is made for its owner only;"
                    + " one that others may write to is refused. Default, when empty: the directory 'trust'"
                    + " below the framework property 'xtls.home', or in the bundle's data area where that is not"
                    + " set.",
            required = false)
    String directory() default "";

    /** Configuration: the bound against strangers who fill the disk. */
    @AttributeDefinition(
            name = "First-use limit",
            description = "How many keys taken on first use are kept in all; beyond it none is taken, so that"
                    + " strangers cannot fill the disk. Keys that the user verified or distrusted do not count."
                    + " Unit: keys. Default: 10000. Range: 0 to 1000000.",
            min = "0",
            max = "1000000",
            required = false)
    int firstUseLimit() default FileTrustStore.FIRST_USE_LIMIT;
}
