package org.xtls.auth.x509;

import org.xtls.BareJid;
import org.xtls.XtlsException;

/** Where own certificates come from. Used by one thread at a time; it may block. */
interface IdentitySource {
    /**
     * The certificate of an own account, valid at this time.
     *
     * @throws XtlsException when there is none that can be used; the failure names the file
     */
    Identity identity(BareJid account) throws XtlsException;
}
