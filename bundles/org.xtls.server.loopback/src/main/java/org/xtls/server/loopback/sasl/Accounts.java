package org.xtls.server.loopback.sasl;

/** The accounts of one domain. */
public interface Accounts {

    /** The credentials of that user, or such as nobody can match: a stranger must not learn who has an account. */
    Credentials of(String username);

    /** Whether that authorization identity is the user's own bare JID, the only one he may act as. */
    boolean isOwn(String username, String authzid);
}
