package org.xtls.shell;

import org.apache.felix.service.command.CommandSession;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.UserInterruptException;

/** Reads from the terminal what must not be seen on it, nor be in its history. */
final class Unseen {
    /** Where Gogo's shell for JLine keeps its reader. */
    private static final String READER = ".reader";

    private Unseen() {}

    static char[] read(CommandSession session, String prompt) throws CommandException {
        Object reader = session.get(READER);
        if (reader == null) {
            throw noTerminal();
        }
        try {
            return read(reader, prompt);
        } catch (NoClassDefFoundError e) {
            throw noTerminal(); // JLine is optional: a plain Gogo does without
        }
    }

    private static char[] read(Object reader, String prompt) throws CommandException {
        if (!(reader instanceof LineReader lines)) {
            throw noTerminal();
        }
        try {
            return lines.readLine(prompt, '*').toCharArray();
        } catch (UserInterruptException | EndOfFileException e) {
            throw new CommandException("Nothing was given; the question is still open.");
        }
    }

    private static CommandException noTerminal() {
        return new CommandException("There is no terminal here that can read without showing it: give it with"
                + " --password, on a line that nobody else can read.");
    }
}
