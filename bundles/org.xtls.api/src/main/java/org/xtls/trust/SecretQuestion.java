package org.xtls.trust;

import java.util.Optional;
import org.xtls.BareJid;

/**
 * What a human is asked for.
 *
 * @param kind what kind of secret
 * @param account the own account that it is needed for
 * @param peer the other side of a password that two share; empty for a secret of one's own
 * @param of what the secret opens, for people, such as a file or a key; one line
 * @param before why what was given before was not right, for people; empty when asked for the first time
 */
public record SecretQuestion(Kind kind, BareJid account, Optional<BareJid> peer, String of, String before) {
    /** The kinds of secrets. */
    public enum Kind {
        /** Opens a key or key store of one's own. */
        PASSPHRASE,
        /** Opens a token. */
        PIN,
        /** Shared with a peer. */
        PASSWORD
    }
}
