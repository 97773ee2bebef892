package org.xtls.tunnel.service;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;
import org.xtls.trust.Policies;

/** The configuration {@code org.xtls.policy}; the names of its values are those of {@link org.xtls.trust.Policy.Key} and {@link Policies#RULES}. */
@ObjectClassDefinition(
        name = "XTLS policy",
        description = "What this side wants of tunnels. A change holds for negotiations from then on.")
@interface PolicySettings {
    @AttributeDefinition(
            name = "First use",
            description = "What becomes of a key that nobody vouches for. Default: ask.",
            options = {
                @Option(value = "reject", label = "no tunnel"),
                @Option(value = "ask", label = "the user is asked (no tunnel where nobody can be)"),
                @Option(value = "accept", label = "an unverified tunnel, and the key is remembered")
            },
            required = false)
    String first$_$use() default "ask";

    @AttributeDefinition(
            name = "Require confirmed offers",
            description = "Whether peers that do not confirm offers inside the tunnel are refused. Default: false.",
            required = false)
    boolean require$_$confirmed$_$offers() default false;

    @AttributeDefinition(
            name = "Rules",
            description =
                    "Policies for some peers, one rule a line, no two with the same pattern. A rule is a pattern (a"
                            + " bare JID; a domain, for itself and all accounts at it; '*.' and a domain, for all domains below"
                            + " it; or '*'), a colon, and statements with commas between them. Each setting is decided by the"
                            + " most specific rule that states it. Statements: require verified, allow unverified, require"
                            + " confirmed, allow unconfirmed, require METHOD ..., never METHOD ..., allow any, prefer METHOD"
                            + " ..., first-use reject or ask or accept, bootstrap yes or no, recheck yes or no. Example:"
                            + " '*.example.org: require verified, never srp-psk'. Default: none.",
            cardinality = Policies.MAX_RULES,
            required = false)
    String[] rules() default {};
}
