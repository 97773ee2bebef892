package org.xtls.transport;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;

/**
 * What it takes to log in.
 *
 * @param account the account
 * @param password its password; the array is the caller's, who wipes it when the login has ended
 * @param host the server's host, or null to find it by the domain's SRV records
 * @param port the server's port, or empty for the one found, 5222 with a host given
 * @param resource the resource asked for, or null for one of the server's choice
 * @param tls how the connection is secured
 */
@SuppressWarnings("ArrayRecordComponent") // an array can be wiped
public record Login(
        BareJid account,
        char[] password,
        @Nullable String host,
        OptionalInt port,
        @Nullable String resource,
        ServerTls tls) {
    /** Account and place only: a password is never shown. */
    @Override
    public String toString() {
        return "Login[" + account + (host == null ? "" : " at " + host) + "]";
    }
}
