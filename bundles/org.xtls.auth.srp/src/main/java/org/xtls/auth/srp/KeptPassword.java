package org.xtls.auth.srp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * A lasting password as it is kept, before it is sealed.
 *
 * @param verifier for the answering side
 * @param password in UTF-8, prepared; empty where the verifier is all that is kept
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record KeptPassword(Verifier verifier, byte[] password) {
    /** To be wiped. */
    byte[] toBytes() {
        Group group = verifier.group();
        byte[] v = group.pad(verifier.v());
        ByteArrayOutputStream bytes = new Wiped(group.bytes() + password.length + 256);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeShort(group.bits());
            out.writeInt(verifier.cost().memory());
            out.writeByte(verifier.cost().iterations());
            out.writeByte(verifier.cost().parallelism());
            out.writeByte(verifier.salt().length);
            out.write(verifier.salt());
            out.write(v);
            out.writeShort(password.length);
            out.write(password);
            out.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException("an array takes what is written", e);
        } finally {
            Arrays.fill(v, (byte) 0);
            bytes.reset();
        }
    }

    /** Reads what {@link #toBytes} wrote; it was sealed, so nobody else wrote it. */
    static KeptPassword of(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        Group group = Group.of(in.readUnsignedShort());
        Cost cost = new Cost(in.readInt(), in.readUnsignedByte(), in.readUnsignedByte());
        byte[] salt = in.readNBytes(in.readUnsignedByte());
        byte[] v = in.readNBytes(group.bytes());
        Verifier verifier = new Verifier(group, cost, salt, new BigInteger(1, v));
        Arrays.fill(v, (byte) 0);
        return new KeptPassword(verifier, in.readNBytes(in.readUnsignedShort()));
    }

    void wipe() {
        Arrays.fill(password, (byte) 0);
    }

    /** Neither password nor verifier. */
    @Override
    public String toString() {
        return "KeptPassword[" + verifier.group() + "]";
    }

    /** Large enough from the beginning, so that no smaller copy is left behind, and wiped when it is reset. */
    private static final class Wiped extends ByteArrayOutputStream {
        Wiped(int size) {
            super(size);
        }

        @Override
        public synchronized void reset() {
            Arrays.fill(buf, (byte) 0);
            super.reset();
        }
    }
}
