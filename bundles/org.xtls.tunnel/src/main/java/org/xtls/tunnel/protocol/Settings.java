package org.xtls.tunnel.protocol;

/**
 * Bounds and deadlines.
 *
 * @param window data IQs that may be unanswered at once, 2 to 1024
 * @param iqBytes most bytes of TLS records in one data IQ of ours, from one full record, 16,645, to 16 MiB
 * @param dataBytes most bytes taken from one data IQ of the peer's, in the same range
 * @param stanzaBytes most bytes of one inner stanza, either way, 64 KiB to 64 MiB
 * @param queueBytes most bytes of stanzas waiting to be sent, from one largest stanza to 1 GiB
 * @param negotiationMillis for a whole negotiation, humans at prompts on both sides included, a second to a day
 * @param answerMillis for the answer to one data or close IQ, a second to a day
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

    /** A confirmation holds two offers. */
    private static final int LEAST_STANZA = 65_536;

    private static final int MOST_IQ = 16_777_216;
    private static final int MOST_STANZA = 67_108_864;
    private static final int MOST_QUEUE = 1_073_741_824;
    private static final long SECOND = 1_000;
    private static final long DAY = 86_400_000;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException when a value is out of range; the message says which
     */
    public Settings {
        require("window", window, 2, 1024);
        require("iqBytes", iqBytes, FULL_RECORD, MOST_IQ);
        require("dataBytes", dataBytes, FULL_RECORD, MOST_IQ);
        require("stanzaBytes", stanzaBytes, LEAST_STANZA, MOST_STANZA);
        require("queueBytes", queueBytes, LEAST_STANZA, MOST_QUEUE);
        if (queueBytes < stanzaBytes) {
            throw new IllegalArgumentException(
                    "queueBytes: " + queueBytes + " is less than stanzaBytes, " + stanzaBytes);
        }
        require("negotiationMillis", negotiationMillis, SECOND, DAY);
        require("answerMillis", answerMillis, SECOND, DAY);
    }

    private static void require(String attribute, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(attribute + ": " + value + " is not from " + least + " to " + most);
        }
    }
}
