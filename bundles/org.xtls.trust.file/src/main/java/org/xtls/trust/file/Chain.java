package org.xtls.trust.file;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The checksum at the head of a line, over the line and the checksum before it: a line that was changed, taken out, put
 * in or moved fits no more. It is there against accidents; whoever may write to the file can compute it too.
 */
final class Chain {
    static final int DIGITS = 16;

    private final MessageDigest digest = sha256();
    private String link;

    /** A chain that begins with a header. */
    Chain(String header) {
        link = next("", header);
    }

    /** What the last line was given. */
    String link() {
        return link;
    }

    /** What a line is to be given if it comes next. */
    String next(String line) {
        return next(link, line);
    }

    /** That line has come. */
    void append(String line) {
        link = next(line);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private String next(String before, String line) {
        digest.update(before.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of()
                .formatHex(digest.digest(line.getBytes(StandardCharsets.UTF_8)))
                .substring(0, DIGITS);
    }
}
