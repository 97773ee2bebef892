package org.xtls.shell.session;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.apache.felix.service.command.Function;

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
        // Gogo calls this with a command that it does not find; its own exception for that is not its API.
        session.put("default", (Function) (here, words) -> {
            throw new IllegalArgumentException("There is no command '" + words.get(0) + "'; try help");
        });
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
            err.println("xtls: line " + number + ": " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            return false;
        } finally {
            out.flush();
            err.flush();
        }
    }
}
