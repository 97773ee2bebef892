package org.xtls.tunnel.service;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The configuration {@code org.xtls.policy}; the names of its values are those of {@link org.xtls.trust.Policy.Key}. */
@ObjectClassDefinition(name = "XTLS policy", description = "What this side wants of tunnels.")
@interface PolicySettings {
    @AttributeDefinition(
            name = "First use",
            description = "What to do with a key that nobody vouches for: reject it, ask the user (which is to reject"
                    + " it where nobody can be asked), or accept it as unverified.",
            options = {
                @Option(value = "reject", label = "Reject it"),
                @Option(value = "ask", label = "Ask the user"),
                @Option(value = "accept", label = "Accept it as unverified")
            })
    String first$_$use() default "ask";

    @AttributeDefinition(
            name = "Require confirmed offers",
            description = "Whether peers that do not confirm offers inside the tunnel are refused.")
    boolean require$_$confirmed$_$offers() default false;
}
