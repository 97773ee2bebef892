package org.xtls.auth.openpgp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One OpenPGP packet (RFC 9580 §4) of a certificate or a file of them.
 *
 * @param type its type ID
 * @param bytes all of it, header included
 * @param header length of the header
 */
@SuppressWarnings("ArrayRecordComponent") // made here, read here, never changed
record Packet(int type, byte[] bytes, int header) {
    static final int SIGNATURE = 2;
    static final int SECRET_KEY = 5;
    static final int PUBLIC_KEY = 6;
    static final int SECRET_SUBKEY = 7;
    static final int COMPRESSED = 8;
    static final int MARKER = 10;
    static final int TRUST = 12;
    static final int USER_ID = 13;
    static final int PUBLIC_SUBKEY = 14;
    static final int USER_ATTRIBUTE = 17;
    static final int PADDING = 21;
    static final int FIRST_NON_CRITICAL = 40;

    /**
     * Cuts a sequence of packets. Partial and indeterminate lengths, which only data packets may have, are refused, so
     * that nothing has to be buffered to know where a packet ends.
     */
    static List<Packet> split(byte[] input, int most) throws BadCertificateException {
        List<Packet> packets = new ArrayList<>();
        int at = 0;
        while (at < input.length) {
            if (packets.size() == most) {
                throw new BadCertificateException(Flaw.TOO_MANY_PACKETS, "more than " + most);
            }
            Packet packet = read(input, at, packets.isEmpty());
            packets.add(packet);
            at += packet.bytes.length;
        }
        return packets;
    }

    private static Packet read(byte[] input, int at, boolean first) throws BadCertificateException {
        int tag = input[at] & 0xff;
        if ((tag & 0x80) == 0) {
            throw new BadCertificateException(first ? Flaw.NOT_A_CERTIFICATE : Flaw.TRAILING_DATA, "no packet");
        }
        boolean current = (tag & 0x40) != 0;
        int type = current ? tag & 0x3f : (tag >> 2) & 0x0f;
        long length;
        int header;
        if (current) {
            int one = octet(input, at + 1);
            if (one < 192) {
                length = one;
                header = 2;
            } else if (one < 224) {
                length = ((one - 192L) << 8) + octet(input, at + 2) + 192;
                header = 3;
            } else if (one == 255) {
                length = number(input, at + 2, 4);
                header = 6;
            } else {
                throw dataPacket(type);
            }
        } else {
            int octets = 1 << (tag & 3);
            if (octets == 8) {
                throw dataPacket(type);
            }
            length = number(input, at + 1, octets);
            header = 1 + octets;
        }
        if (at + header + length > input.length) {
            throw new BadCertificateException(Flaw.TRUNCATED, "a packet says " + length + " bytes");
        }
        byte[] bytes = new byte[header + (int) length];
        System.arraycopy(input, at, bytes, 0, bytes.length);
        return new Packet(type, bytes, header);
    }

    private static BadCertificateException dataPacket(int type) {
        return new BadCertificateException(
                type == COMPRESSED ? Flaw.COMPRESSED : Flaw.FOREIGN_PACKET, "of open length, type " + type);
    }

    private static int octet(byte[] input, int at) throws BadCertificateException {
        return (int) number(input, at, 1);
    }

    private static long number(byte[] input, int at, int octets) throws BadCertificateException {
        if (at + octets > input.length) {
            throw new BadCertificateException(Flaw.TRUNCATED, "in a packet's length");
        }
        long number = 0;
        for (int i = 0; i < octets; i++) {
            number = number << 8 | (input[at + i] & 0xff);
        }
        return number;
    }

    /** An octet of the body, or -1. */
    int body(int index) {
        return header + index < bytes.length ? bytes[header + index] & 0xff : -1;
    }

    int bodyLength() {
        return bytes.length - header;
    }

    /** Equal for packets that say the same, whatever their headers look like. */
    String identity() {
        return type + ":" + new String(bytes, header, bodyLength(), StandardCharsets.ISO_8859_1);
    }

    static byte[] join(List<Packet> packets) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        packets.forEach(packet -> out.writeBytes(packet.bytes));
        return out.toByteArray();
    }

    @Override
    public String toString() {
        return "Packet[" + type + ", " + bytes.length + " bytes]";
    }
}
