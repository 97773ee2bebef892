package org.xtls.shell;

import java.util.Optional;
import org.apache.felix.service.command.CommandSession;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.UserInterruptException;

/**
 * Reads from the terminal what must not be seen on it, nor be in its history. That is for the reader of Gogo's shell
 * for JLine: it owns the terminal, its modes and its input, which the session's streams and the JDK's console do not.
 */
final class Unseen {
    /** Where Gogo's shell for JLine keeps its reader. */
    private static final String READER = ".reader";

    private Unseen() {}

    /**
     * Reads a line.
     *
     * @param otherwise how it can be given where there is no such terminal
     * @return what was typed, the caller's to wipe, or empty when its user would not
     */
    static Optional<char[]> read(CommandSession session, String prompt, String otherwise) throws CommandException {
        Object reader = session.get(READER);
        if (reader != null) {
            try {
                if (JLine.isReader(reader)) {
                    return JLine.read(reader, prompt);
                }
            } catch (LinkageError e) {
                // JLine is optional: a plain Gogo does without
            }
        }
        throw new CommandException("There is no terminal here that can read without showing it: give it " + otherwise
                + ", on a line that nobody else can read.");
    }

    /** A class of its own: without JLine it cannot even be verified, because of what it catches. */
    private static final class JLine {
        static boolean isReader(Object reader) {
            return reader instanceof LineReader;
        }

        static Optional<char[]> read(Object reader, String prompt) {
            try {
                return Optional.of(((LineReader) reader).readLine(prompt, '*').toCharArray());
            } catch (UserInterruptException | EndOfFileException e) {
                return Optional.empty();
            }
        }
    }
}
