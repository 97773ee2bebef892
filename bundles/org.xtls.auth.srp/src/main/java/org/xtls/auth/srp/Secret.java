package org.xtls.auth.srp;

/** What an exchange with a peer stands on. */
sealed interface Secret {
    Between between();

    /** What people call it. */
    default String called() {
        return this instanceof OneTime ? "pairing code" : "password";
    }

    /** A password that is kept. */
    record Lasting(Between between) implements Secret {}

    /** A pairing code. */
    record OneTime(Between between, Code code) implements Secret {}

    /**
     * A password that the user was asked for.
     *
     * @param password in UTF-8, prepared; wiped when it has been used
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Asked(Between between, byte[] password) implements Secret {
        @Override
        public String toString() {
            return "Asked[" + between + "]";
        }
    }
}
