package org.xtls.auth.openpgp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** ASCII armor (RFC 9580 §6). The checksum, which the RFC no longer wants looked at, is not. */
final class Armor {
    private static final String BEGIN = "-----BEGIN PGP ";
    private static final String END = "-----END PGP ";
    private static final String DASHES = "-----";

    private Armor() {}

    /** Whether it should be read as armor: what begins a packet is never ASCII. */
    static boolean isArmor(byte[] input) {
        return input.length > 0 && input[0] >= 0;
    }

    /** The only block there is, with nothing but white space around it. */
    static byte[] only(byte[] input, String kind) throws BadCertificateException {
        List<byte[]> blocks = blocks(input, kind, true);
        if (blocks.isEmpty()) {
            throw new BadCertificateException(Flaw.NOT_A_CERTIFICATE, "no block of " + kind);
        }
        if (blocks.size() > 1) {
            throw new BadCertificateException(Flaw.SEVERAL_CERTIFICATES, blocks.size() + " blocks");
        }
        return blocks.get(0);
    }

    /**
     * All blocks of a kind.
     *
     * @param strict whether text outside of blocks, and blocks of another kind, are refused
     */
    static List<byte[]> blocks(byte[] input, String kind, boolean strict) throws BadCertificateException {
        List<byte[]> blocks = new ArrayList<>();
        StringBuilder body = new StringBuilder();
        boolean inside = false;
        boolean headers = false;
        boolean wanted = false;
        for (String raw : new String(input, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            String line = raw.strip();
            if (!inside) {
                inside = line.startsWith(BEGIN) && line.endsWith(DASHES);
                headers = inside;
                wanted = line.equals(BEGIN + kind + DASHES);
                if (strict && !wanted && !line.isEmpty()) {
                    throw new BadCertificateException(
                            blocks.isEmpty() ? Flaw.NOT_A_CERTIFICATE : Flaw.TRAILING_DATA, "text outside of armor");
                }
            } else if (line.startsWith(DASHES)) {
                if (wanted && !line.equals(END + kind + DASHES)) {
                    throw new BadCertificateException(Flaw.TRUNCATED, "armor without an end");
                }
                if (wanted) {
                    blocks.add(decode(body));
                }
                body.setLength(0);
                inside = false;
            } else if (headers) {
                headers = !line.isEmpty();
            } else if (wanted && !line.startsWith("=")) {
                body.append(line);
            }
        }
        if (inside) {
            throw new BadCertificateException(Flaw.TRUNCATED, "armor without an end");
        }
        return blocks;
    }

    private static byte[] decode(StringBuilder body) throws BadCertificateException {
        try {
            return Base64.getDecoder().decode(body.toString());
        } catch (IllegalArgumentException e) {
            throw new BadCertificateException(Flaw.BAD_ARMOR, "no Base64");
        }
    }
}
