package org.xtls.benchmarks;

/** A client and a server in one thread, their handshake done. */
interface Connection {
    /**
     * The client seals, the server opens.
     *
     * @param plaintext at most what one record holds
     * @return what the server read, or where it read it into
     */
    Object carry(byte[] plaintext) throws Exception;

    static void require(boolean held, String what) {
        if (!held) {
            throw new IllegalStateException(what);
        }
    }
}
