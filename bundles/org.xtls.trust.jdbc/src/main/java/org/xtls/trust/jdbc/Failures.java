package org.xtls.trust.jdbc;

import java.io.IOException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;

/** What goes wrong, in words for people. */
final class Failures {
    static final Failure CLOSED = local(
            Code.SERVICE_GONE,
            "The trust store has been closed.",
            "Start the bundle " + JdbcTrustStore.PID + " again.");

    static final Failure OVERLOADED = local(
            Code.BUSY,
            "Too many calls wait for the trust database.",
            "Find out why it is slow, or take the load off this container.");

    private Failures() {}

    static Failure local(Code code, String message, String advice) {
        return new Failure(code, Fault.LOCAL, message, advice);
    }

    static XtlsException unusable(String reason, String advice) {
        return new XtlsException(local(Code.LOCAL, "The trust store cannot be used: " + reason + ".", advice));
    }

    static Failure misconfigured(RuntimeException e) {
        return local(Code.LOCAL, "configuration " + JdbcTrustStore.PID + ": " + e.getMessage() + ".", "Correct it.");
    }

    static Failure unreachable(String database, String reason) {
        return local(
                Code.LOCAL,
                "The " + database + " cannot be reached: " + reason + ".",
                "See that it runs; the trust store then works again by itself.");
    }

    static Failure failed(String database, String reason) {
        return local(
                Code.LOCAL,
                "The " + database + " did not do what it was asked: " + reason + ". Nothing has changed.",
                "See the database's log.");
    }

    static Failure inDoubt(String database, String reason) {
        return local(
                Code.LOCAL,
                "The " + database + " was lost while it kept a change: " + reason
                        + ". Whether the change was kept is not known.",
                "When the database is back, look at the peer's keys and decide again if need be.");
    }

    /** One line, and without the password, should a driver quote it. */
    static String reason(Exception e, Settings settings) {
        StringBuilder reason = new StringBuilder(line(e));
        for (Throwable cause = e.getCause(); cause != null && cause != cause.getCause(); cause = cause.getCause()) {
            String more = line(cause);
            if (!reason.toString().contains(more)) {
                reason.append(": ").append(more);
            }
        }
        String said = reason.toString();
        return settings.password().isEmpty() ? said : said.replace(settings.password(), "•••");
    }

    private static String line(Throwable e) {
        String message = e.getMessage();
        boolean forPeople = e instanceof SQLException || e instanceof IOException;
        String said = message == null ? e.getClass().getSimpleName() : forPeople ? message : e.toString();
        return said.strip().replaceAll("\\s+", " ").replaceAll("\\.$", "");
    }

    static String state(@Nullable String sqlState) {
        return sqlState == null ? "" : sqlState;
    }
}
