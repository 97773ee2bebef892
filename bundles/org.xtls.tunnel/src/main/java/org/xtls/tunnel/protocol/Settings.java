package org.xtls.tunnel.protocol;

/**
 * Bounds and deadlines.
 *
 * @param window data IQs that may be unanswered at once; at least 2
 * @param iqBytes most bytes of TLS records in one data IQ of ours; at least one full record, 16,645
 * @param dataBytes most bytes taken from one data IQ of the peer's
 * @param stanzaBytes most bytes of one inner stanza, either way
 * @param queueBytes most bytes of stanzas waiting to be sent
 * @param negotiationMillis for a whole negotiation, humans at prompts on both sides included
 * @param answerMillis for the answer to one data or close IQ
 */
public record Settings(
        int window,
        int iqBytes,
        int dataBytes,
        int stanzaBytes,
        int queueBytes,
        long negotiationMillis,
        long answerMillis) {
    /** One TLS 1.3 record at its largest: header, 2^14 bytes, content type and tag room (RFC 8446 §5.2). */
    public static final int FULL_RECORD = 5 + 16_384 + 256;

    /** What applies where nothing is configured. */
    public static final Settings DEFAULT = new Settings(16, FULL_RECORD, 131_072, 524_288, 8_388_608, 300_000, 60_000);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException when a value is out of range; the message says which
     */
    public Settings {
        require(window >= 2 && window <= 1024, "window: 2 to 1024 data IQs");
        require(iqBytes >= FULL_RECORD, "iqBytes: at least one full TLS record, " + FULL_RECORD);
        require(dataBytes >= FULL_RECORD, "dataBytes: at least one full TLS record, " + FULL_RECORD);
        require(stanzaBytes >= 65_536, "stanzaBytes: at least 65,536, for a confirmation holds two offers");
        require(queueBytes >= stanzaBytes, "queueBytes: at least one stanza of the largest size");
        require(negotiationMillis >= 1_000, "negotiation time: at least a second");
        require(answerMillis >= 1_000, "answer time: at least a second");
    }

    private static void require(boolean inRange, String range) {
        if (!inRange) {
            throw new IllegalArgumentException(range);
        }
    }
}
