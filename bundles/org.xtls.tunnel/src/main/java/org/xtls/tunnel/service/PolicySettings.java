package org.xtls.tunnel.service;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The configuration {@code org.xtls.policy}; the names of its values are those of {@link org.xtls.trust.Policy.Key} and {@link org.xtls.trust.Policies#RULES}. */
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

    @AttributeDefinition(
            name = "Rules",
            description =
                    "Policies for some peers: one rule a line, at most 1,000, no two with the same pattern. A rule is"
                            + " a pattern (a bare JID; a domain, for all at it; '*.' and a domain, for all domains below; or '*'),"
                            + " a colon, and statements with commas between them. Each setting that a rule states is decided by"
                            + " the most specific rule that states it. Statements: require verified, allow unverified, require"
                            + " confirmed, allow unconfirmed, require METHOD ..., never METHOD ..., allow any, prefer METHOD ...,"
                            + " first-use reject|ask|accept, bootstrap yes|no, recheck yes|no. Example:"
                            + " '*.example.org: require verified, never srp-psk'.",
            required = false)
    String[] rules() default {};
}
