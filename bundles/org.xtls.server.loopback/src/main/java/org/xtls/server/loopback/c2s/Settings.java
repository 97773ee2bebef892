package org.xtls.server.loopback.c2s;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.xtls.server.loopback.sasl.Accounts;
import org.xtls.server.loopback.sasl.Credentials;

/**
 * What a server is started with; checked where it is built.
 *
 * @param domains the domains hosted, in order; the first one is meant when a client names none
 * @param users bare JIDs, each in one of the domains
 * @param port 0 for a free one
 * @param everyoneSeesEveryone whether presence goes to all
 * @param stanzaLimit bytes of a stanza as it comes in
 * @param queueLimit bytes of stanzas waiting for one client
 * @param patience how long a sender waits for a slow client
 */
public record Settings(
        Set<String> domains,
        Map<Address, Credentials> users,
        int port,
        boolean everyoneSeesEveryone,
        int stanzaLimit,
        int queueLimit,
        Duration patience) {

    Accounts accounts(String domain, byte[] decoySecret) {
        return new Accounts() {
            @Override
            public Credentials of(String username) {
                Credentials known = isLocalpart(username) ? users.get(new Address(username, domain, "")) : null;
                return known == null ? Credentials.decoy(username, decoySecret) : known;
            }

            @Override
            public boolean isOwn(String username, String authzid) {
                try {
                    return Address.parse(authzid).equals(new Address(username, domain, ""));
                } catch (IllegalArgumentException e) {
                    return false;
                }
            }

            private boolean isLocalpart(String username) {
                try {
                    return !new Address(username, domain, "").isServer();
                } catch (IllegalArgumentException e) {
                    return false;
                }
            }
        };
    }

    static byte[] secret(SecureRandom random) {
        byte[] secret = new byte[32];
        random.nextBytes(secret);
        return secret;
    }
}
