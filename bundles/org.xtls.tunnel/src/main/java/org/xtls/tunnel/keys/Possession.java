package org.xtls.tunnel.keys;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.xtls.BareJid;

/**
 * The statement that a key signs to prove that its sender holds it. The sender's address is in it, or one's key could be
 * handed out as another's; the tunnel's exporter is in it, or a proof could be used again in another tunnel; and the
 * beginning is that of no TLS signature (RFC 8446 §4.4.3), whose context string would follow the blanks.
 */
final class Possession {
    /** The label of the exporter. */
    static final String LABEL = "EXPORTER-xtls-possession";

    /** How much is exported. */
    static final int EXPORTED_BYTES = 32;

    private static final String CONTEXT = "urn:x-xtls:1 possession";

    private Possession() {}

    static byte[] statement(BareJid sender, byte[] exported) {
        if (exported.length != EXPORTED_BYTES) {
            throw new IllegalArgumentException(EXPORTED_BYTES + " exported bytes are wanted, not " + exported.length);
        }
        ByteArrayOutputStream statement = new ByteArrayOutputStream();
        statement.writeBytes(" ".repeat(64).getBytes(StandardCharsets.US_ASCII));
        statement.writeBytes(CONTEXT.getBytes(StandardCharsets.US_ASCII));
        statement.write(0);
        statement.writeBytes(sender.toString().getBytes(StandardCharsets.UTF_8));
        statement.write(0);
        statement.writeBytes(exported);
        return statement.toByteArray();
    }
}
