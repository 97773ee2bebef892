package org.xtls.embedded.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.DateTimeException;

/** What an exception says, for people: its message, with the kind of exception where the message is only a file name. */
public final class Reason {
    private Reason() {}

    /** Says which file, which many exceptions of a full or broken disk do not. */
    public static IOException unwritable(Path path, IOException cause) {
        return new IOException(path + " cannot be written (" + of(cause) + "), and nothing has changed", cause);
    }

    /** What to tell people of a failure. */
    public static String of(Exception exception) {
        String message = exception.getMessage();
        boolean forPeople = exception instanceof IOException
                || exception instanceof IllegalArgumentException
                || exception instanceof DateTimeException;
        if (message == null || !forPeople) {
            return exception.toString();
        }
        if (exception instanceof AccessDeniedException denied && denied.getReason() == null) {
            return "no permission for " + message;
        }
        boolean nameOnly = exception instanceof FileSystemException file && file.getReason() == null;
        return nameOnly ? exception.getClass().getSimpleName() + " " + message : message;
    }
}
