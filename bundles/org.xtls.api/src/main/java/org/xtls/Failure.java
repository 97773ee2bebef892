package org.xtls;

import java.io.Serializable;

/**
 * Why something did not come about, in a form for programs ({@link #code}, {@link #fault}) and for people.
 *
 * @param code what happened
 * @param fault at whose door it lies
 * @param message one sentence that says what happened; no line breaks
 * @param advice one sentence that says what to do next; empty when there is nothing to do
 * @serial exclude
 */
public record Failure(Code code, Fault fault, String message, String advice) implements Serializable {
    private static final int MOST_CHARACTERS = 1_000;

    /**
     * Makes both texts fit for one line of a log or a terminal: they may quote the peer, who could forge other lines or
     * flood them. Control, format and line separating characters become {@code ?}, and what is longer than 1,000
     * characters is cut off.
     *
     * @param code what happened
     * @param fault at whose door it lies
     * @param message what happened, for people
     * @param advice what to do next, or empty
     */
    public Failure {
        message = line(message);
        advice = line(advice);
    }

    /** What happened. The list may grow; a program treats a code it does not know like {@link #PROTOCOL}. */
    public enum Code {
        /** The peer speaks no XTLS, or is not there. */
        NOT_SUPPORTED,
        /** The peer does not want a tunnel with us. */
        REFUSED,
        /** No authentication method is common to both sides. */
        NO_COMMON_METHOD,
        /** The peer has too many negotiations under way. */
        BUSY,
        /** Somebody in between edited the offers. */
        OFFER_TAMPERED,
        /** Somebody in between led the tunnel to another address than the one it was meant for. */
        REROUTED,
        /** The peer did not confirm the offers, though it said that it would, used to, or policy asks for it. */
        UNCONFIRMED,
        /** What the peer proved is not trusted for its address. */
        UNTRUSTED,
        /** The peer proved, or only offered, another key than the one known for its address. */
        KEY_CHANGED,
        /** The peer did not trust what we proved. */
        DISTRUSTED_BY_PEER,
        /** The TLS handshake or a TLS record failed. */
        TLS,
        /** The peer broke the protocol. */
        PROTOCOL,
        /** The peer went over a bound. */
        LIMIT,
        /** The tunnel ended without the peer's authenticated goodbye. */
        TRUNCATED,
        /** The peer closed the tunnel. */
        CLOSED_BY_PEER,
        /** This side closed the tunnel; or, of what is asked of it later, it has ended already. */
        CLOSED,
        /** A fresh tunnel with the same peer took this one's place. */
        REPLACED,
        /** No answer came in time. */
        TIMEOUT,
        /** The peer went offline, or came back without the tunnel. */
        PEER_GONE,
        /** The connection to the own server is lost, or there is none. */
        LINK_LOST,
        /** A bundle that is needed is not there or went away. */
        SERVICE_GONE,
        /** What was asked for makes no sense, or the own identity cannot be used. */
        LOCAL
    }

    /** At whose door a failure lies. */
    public enum Fault {
        /** The peer's. */
        PEER,
        /** Somebody's between the two: a server, or the network. */
        BETWEEN,
        /** This side's: configuration, policy, a missing bundle. */
        LOCAL,
        /** Nobody's: a tunnel ended as it should. */
        NONE
    }

    /**
     * A failure without advice.
     *
     * @param code what happened
     * @param fault at whose door it lies
     * @param message one sentence that says what happened
     * @return the failure
     */
    public static Failure of(Code code, Fault fault, String message) {
        return new Failure(code, fault, message, "");
    }

    /**
     * Message and advice.
     *
     * @return one line for people
     */
    public String text() {
        if (advice.isEmpty()) {
            return message;
        }
        return message + (message.endsWith(".") ? " " : ". ") + advice;
    }

    private static String line(String text) {
        String line = text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
        return line.length() <= MOST_CHARACTERS ? line : line.substring(0, MOST_CHARACTERS) + "…";
    }
}
