package org.xtls;

import org.jspecify.annotations.Nullable;
import org.xtls.trust.KeyName;

/**
 * What secures a tunnel, for people to see and programs to decide on.
 *
 * @param method the authentication method's name on the wire, such as {@code x509}
 * @param tls the TLS version, such as {@code TLSv1.3}
 * @param group the key exchange group by its IANA name, such as {@code X25519MLKEM768}
 * @param suite the cipher suite by its IANA name
 * @param key what the peer proved to hold, or null when that is no key, such as a password
 * @param trust how it was judged
 * @param evidence on what grounds, one phrase for people
 * @param offersConfirmed whether the peer confirmed, inside the tunnel, the offers and addresses it was made with. In
 *     an unverified tunnel this proves nothing.
 * @param acknowledgement whose word completes a send
 */
public record Security(
        String method,
        String tls,
        String group,
        String suite,
        @Nullable KeyName key,
        Trust trust,
        String evidence,
        boolean offersConfirmed,
        Acknowledgement acknowledgement) {}
