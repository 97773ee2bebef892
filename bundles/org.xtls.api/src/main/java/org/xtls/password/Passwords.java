package org.xtls.password;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import org.xtls.BareJid;

/**
 * A service: the secrets that own accounts share with peers, lasting passwords and pairing codes. It may be used from
 * any thread and does not block; stages fail with {@link org.xtls.XtlsException}.
 *
 * <p>A secret of this kind can be short, because nobody can try it out but in a tunnel that is being made, and each try
 * is counted before it is made ({@link HeldSecret#guessesLeft}).
 *
 * <p>Passwords are compared after the OpaqueString profile of RFC 8265: composed and decomposed characters are the same,
 * and so are all blanks; case counts.
 */
@ProviderType
public interface Passwords {
    /**
     * Keeps a password for a peer, in the place of one that was kept. Guesses begin at naught again.
     *
     * @param account the own account
     * @param peer the peer
     * @param password the password, 1 to 256 characters; wiped before the call returns
     * @param use what it may be used for
     * @return what is held now; fails when the password holds a character that none may have
     */
    CompletionStage<HeldSecret> set(BareJid account, BareJid peer, char[] password, Use use);

    /**
     * Forgets the password and the pairing code for a peer.
     *
     * @param account the own account
     * @param peer the peer
     * @return whether there was one
     */
    CompletionStage<Boolean> remove(BareJid account, BareJid peer);

    /**
     * What is held.
     *
     * @return ordered by account and peer; pairing codes that are over are not in it
     */
    CompletionStage<List<HeldSecret>> list();

    /**
     * The user's word after too many wrong guesses: passwords for this peer can be used again, with all their guesses.
     *
     * @param peer the peer, for all own accounts
     * @return whether any guess had been spent
     */
    CompletionStage<Boolean> unlock(BareJid peer);

    /**
     * Makes a pairing code for a peer, in the place of one that is there. It is good for some minutes, for one success
     * and three failures, and for tunnels that either side begins. It is told to the peer by voice, or shown to its
     * camera.
     *
     * @param account the own account
     * @param peer the peer
     * @return the code
     */
    CompletionStage<PairingCode> pair(BareJid account, BareJid peer);

    /**
     * Takes a pairing code that a peer made, in the place of one that is there.
     *
     * @param account the own account
     * @param peer the peer that made it
     * @param code its digits; blanks and hyphens in it do not count; wiped before the call returns
     * @return what is held now; fails when it is no pairing code
     */
    CompletionStage<HeldSecret> enter(BareJid account, BareJid peer, char[] code);

    /** What a password may be used for, which decides in what form it is kept. */
    enum Use {
        /** For tunnels that either side begins; the password itself is kept. */
        BOTH,
        /**
         * For tunnels that the peer begins; only a salt and a verifier are kept, from which the password cannot be read,
         * only guessed.
         */
        ANSWER
    }
}
