package org.xtls.auth.srp;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.DateTimeException;

/** What an exception says, for people: its message, with the kind of exception where the message is only a file name. */
final class Reason {
    private Reason() {}

    static String of(Exception exception) {
        String message = exception.getMessage();
        boolean forPeople = exception instanceof IOException
                || exception instanceof IllegalArgumentException
                || exception instanceof DateTimeException;
        if (message == null || !forPeople) {
            return exception.toString();
        }
        boolean nameOnly = exception instanceof FileSystemException file && file.getReason() == null;
        return nameOnly ? exception.getClass().getSimpleName() + " " + message : message;
    }
}
