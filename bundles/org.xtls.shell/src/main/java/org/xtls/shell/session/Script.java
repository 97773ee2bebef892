package org.xtls.shell.session;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.felix.gogo.runtime.CommandNotFoundException;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;

/** Commands, one on each line, run as they come. Blank lines and those that begin with {@code #} are skipped. */
final class Script {
    private final CommandProcessor processor;
    private final PrintStream out;
    private final PrintStream err;

    Script(CommandProcessor processor, PrintStream out, PrintStream err) {
        this.processor = processor;
        this.out = out;
        this.err = err;
    }

    /**
     * Runs them all.
     *
     * @param input the lines, UTF-8
     * @param goOn whether a failed command is no reason to stop
     * @return 0, or 1 when a command failed
     */
    int run(InputStream input, boolean goOn) throws IOException {
        CommandSession session = processor.createSession(InputStream.nullInputStream(), out, err);
        // Several scopes have an echo or a help; here ours are meant.
        session.put("SCOPE", "xtls:*");
        try {
            int status = 0;
            BufferedReader lines = new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8));
            for (int number = 1; ; number++) {
                String line = lines.readLine();
                if (line == null) {
                    return status;
                }
                if (line.isBlank() || line.strip().startsWith("#")) {
                    continue;
                }
                if (!succeeds(session, line, number)) {
                    status = 1;
                    if (!goOn) {
                        return status;
                    }
                }
            }
        } finally {
            session.close();
        }
    }

    private boolean succeeds(CommandSession session, String line, int number) {
        try {
            Object result = session.execute(line);
            if (result != null) {
                out.println(session.format(result, Converter.INSPECT));
            }
            return true;
        } catch (Exception e) {
            err.println("xtls: line " + number + ": " + words(e));
            return false;
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static String words(Exception e) {
        if (e instanceof CommandNotFoundException unknown) {
            return "There is no command '" + unknown.getCommand() + "'; try help";
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
