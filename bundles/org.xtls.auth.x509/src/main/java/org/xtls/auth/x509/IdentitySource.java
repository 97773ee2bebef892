package org.xtls.auth.x509;

import java.util.List;
import org.xtls.BareJid;
import org.xtls.XtlsException;

/** Where own certificates come from. Used by one thread at a time; it may block, but not for a human. */
interface IdentitySource extends AutoCloseable {
    /**
     * The certificates of an own account.
     *
     * @return the current one, valid at this time, and the next one where there is one
     * @throws XtlsException when there is none that can be used; the failure names the file or token
     * @throws SecretWanted when a human has to be asked; the answer is {@linkplain #answer given}, then the call repeated
     */
    List<Identity> identities(BareJid account) throws XtlsException, SecretWanted;

    /**
     * The same for whoever only watches: where certificates are made on first use, none is made now.
     *
     * @return as {@link #identities}; empty where the first has not been made yet
     */
    default List<Identity> held(BareJid account) throws XtlsException, SecretWanted {
        return identities(account);
    }

    /**
     * Gives what a human said.
     *
     * @param of what was asked for
     * @param secret the answer, the receiver's own
     */
    void answer(String of, char[] secret);

    /** Lets go of keys and wipes what humans said. */
    @Override
    void close();
}
