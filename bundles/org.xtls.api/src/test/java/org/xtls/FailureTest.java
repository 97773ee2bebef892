package org.xtls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;

class FailureTest {
    @Test
    void a_peer_that_is_quoted_cannot_forge_lines_or_drive_a_terminal() {
        String quoted = "bad name \r\n2026 INFO up\u001b]0;x\u0007\u009b2K\u202e\u2028";
        Failure failure = new Failure(Code.TLS, Fault.PEER, quoted, quoted);
        assertTrue(failure.text()
                .codePoints()
                .noneMatch(c -> Character.getType(c) == Character.CONTROL
                        || Character.getType(c) == Character.FORMAT
                        || Character.getType(c) == Character.LINE_SEPARATOR));
        assertTrue(failure.message().startsWith("bad name ??2026 INFO up?]0;x"));
    }

    @Test
    void a_peer_that_is_quoted_cannot_flood_a_log() {
        Failure failure = Failure.of(Code.TLS, Fault.PEER, "x".repeat(100_000));
        assertEquals(1_001, failure.message().length());
    }

    @Test
    void advice_is_a_sentence_of_its_own() {
        assertEquals(
                "no link. Connect first.",
                new Failure(Code.LINK_LOST, Fault.LOCAL, "no link", "Connect first.").text());
        assertEquals(
                "No link. Connect first.",
                new Failure(Code.LINK_LOST, Fault.LOCAL, "No link.", "Connect first.").text());
        assertFalse(Failure.of(Code.TLS, Fault.PEER, "over").text().endsWith(" "));
    }
}
