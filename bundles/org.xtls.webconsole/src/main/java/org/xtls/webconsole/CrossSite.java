package org.xtls.webconsole;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The wall against cross-site requests: a browser sends its user's password along with what another site makes it post.
 * What posts here must come from a page of this origin, by the browser's word ({@code Origin}), and hold the token of the
 * session, which no other site can read: a MAC of a cookie that is sent to no other site's requests, and of the user.
 */
final class CrossSite {
    static final String TOKEN = "token";
    static final String COOKIE = "xtls-webconsole";

    private static final String MAC = "HmacSHA256";
    private static final int COOKIE_BYTES = 16;

    private final SecureRandom random = new SecureRandom();
    private final SecretKeySpec key;

    CrossSite() {
        byte[] secret = new byte[32];
        random.nextBytes(secret);
        key = new SecretKeySpec(secret, MAC);
    }

    /** The token of the session, which begins here if there is none. */
    String token(HttpServletRequest request, HttpServletResponse response, String path) {
        String session = session(request).orElse(null);
        if (session == null) {
            byte[] fresh = new byte[COOKIE_BYTES];
            random.nextBytes(fresh);
            session = text(fresh);
            response.addHeader(
                    "Set-Cookie",
                    COOKIE + "=" + session + "; Path=" + path + "; HttpOnly; SameSite=Strict"
                            + (request.isSecure() ? "; Secure" : ""));
        }
        return token(session, request);
    }

    /** Why a request is not taken, or empty when it is. */
    Optional<String> refusal(HttpServletRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null && !site.equals("same-origin")) {
            return Optional.of("it comes from another site");
        }
        String host = request.getHeader("Host");
        String origin = request.getHeader("Origin");
        if (origin == null || host == null || !host.equalsIgnoreCase(authority(origin))) {
            return Optional.of("it does not say that it comes from a page of " + host);
        }
        String session = session(request).orElse(null);
        String token = request.getParameter(TOKEN);
        if (session == null
                || token == null
                || !MessageDigest.isEqual(
                        token(session, request).getBytes(StandardCharsets.UTF_8),
                        token.getBytes(StandardCharsets.UTF_8))) {
            return Optional.of("it does not hold the token of this session; load the page again");
        }
        return Optional.empty();
    }

    private static @Nullable String authority(String origin) {
        try {
            return URI.create(origin).getAuthority();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static Optional<String> session(HttpServletRequest request) {
        Cookie[] cookies = request.getCookies();
        for (Cookie cookie : cookies == null ? new Cookie[0] : cookies) {
            if (cookie.getName().equals(COOKIE) && cookie.getValue().matches("[A-Za-z0-9_-]{22}")) {
                return Optional.of(cookie.getValue());
            }
        }
        return Optional.empty();
    }

    private String token(String session, HttpServletRequest request) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(key);
            String user = Objects.requireNonNullElse(request.getRemoteUser(), "");
            return text(mac.doFinal((session + ' ' + user).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + MAC, e);
        }
    }

    private static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
