package org.xtls.tls;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One TLS session as a state machine: records in, plaintext out; plaintext in, records out. It touches no socket, no
 * thread and no clock.
 *
 * <pre>
 *   receive(bytes) ──►┌─────────┐──► takePlaintext()
 *                     │ session │
 *   takeRecords() ◄───└─────────┘◄── write(plaintext)
 * </pre>
 *
 * <p>After every call the caller takes what has become available. Not safe for use by several threads. The peer's proof
 * is <em>not judged</em> here: a session completes its handshake with any key, and whoever drives it must let no
 * plaintext in or out before it has judged {@link #handshake}.
 */
@ProviderType
public interface TlsSession {
    /** Where a session stands. */
    enum State {
        /** Before the end of the handshake. */
        HANDSHAKING,
        /** The handshake is complete; plaintext may flow. */
        ESTABLISHED,
        /** Ended for writing: closed on this side, failed, or destroyed. */
        ENDED
    }

    /**
     * Begins. A client now has its first flight ready; a server waits for it.
     *
     * @throws TlsException when the session cannot begin
     */
    void begin() throws TlsException;

    /**
     * Takes bytes from the peer; they need not respect the bounds of records. After {@link #closeNotify} they
     * are still taken, until the peer has closed its direction too; after a failure or {@link #destroy} they are dropped.
     *
     * @param bytes the bytes, any number; the array is the caller's again when the call returns
     * @throws TlsException when they end the session: an alert came, or one must go out
     */
    void receive(byte[] bytes) throws TlsException;

    /**
     * Takes plaintext for the peer. Records hold at most 16,384 bytes of it each.
     *
     * @param plaintext the bytes, any number; the array is the caller's again when the call returns
     * @throws TlsException when it cannot be protected
     * @throws IllegalStateException when the session is not {@link State#ESTABLISHED}
     */
    void write(byte[] plaintext) throws TlsException;

    /**
     * Hands out what is to be sent, each record once.
     *
     * @return whole records in order, possibly none
     */
    List<byte[]> takeRecords();

    /**
     * Hands out what the peer wrote, each byte once.
     *
     * @return the plaintext, possibly empty
     */
    byte[] takePlaintext();

    /**
     * Where the session stands.
     *
     * @return the state
     */
    State state();

    /**
     * Whether the peer has said that it will write no more.
     *
     * @return true once its {@code close_notify} has been received
     */
    boolean peerClosed();

    /**
     * The completed handshake.
     *
     * @return the handshake
     * @throws IllegalStateException when it never completed
     */
    Handshake handshake();

    /**
     * Keying material bound to this session, the same on both sides (RFC 8446 §7.5), from the handshake on and after
     * {@link #closeNotify} too. The array is the caller's, to wipe.
     *
     * @param label the label, ASCII
     * @param context the context, may be empty; in TLS 1.2 an empty one is none (RFC 5705 §4), as TLS 1.3 has it
     * @param length bytes wanted, 1 to 255
     * @return the material
     * @throws IllegalStateException before the end of the handshake, after a failure, {@link #abort} or {@link #destroy}
     */
    byte[] export(String label, byte[] context, int length);

    /** Writes {@code close_notify}. What the peer still sends can be received and taken. Twice is once. */
    void closeNotify();

    /**
     * Ends the session with a fatal alert, to be taken and sent. After the end it does nothing. {@link
     * Alert#USER_CANCELED}, which is no fatal alert, is followed by {@code close_notify} (RFC 8446 §6.1): an established
     * peer takes it for an orderly end. Whoever refuses a proof says so by a fatal one.
     *
     * @param alert the alert, not {@link Alert#CLOSE_NOTIFY}
     */
    void abort(Alert alert);

    /** Wipes what is secret and can be wiped. Nothing can be sent, received or exported any more. */
    void destroy();
}
