package org.xtls.shell;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** A real reader on a terminal of this test's, whose human answers one prompt after the other. */
final class Keyboard implements AutoCloseable {
    /** Ctrl-C. */
    static final String INTERRUPT = "\u0003";

    final LineReader reader;
    private final Terminal terminal;
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final PipedOutputStream keys = new PipedOutputStream();
    private final Deque<String> lines;

    /**
     * Types.
     *
     * @param prompt what a prompt ends with
     * @param lines what is typed at each, to the carriage return
     */
    Keyboard(String prompt, String... lines) throws IOException {
        this.lines = new ArrayDeque<>(List.of(lines));
        OutputStream screen = new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                shown.write(octet);
                if (shown().endsWith(prompt) && !Keyboard.this.lines.isEmpty()) {
                    keys.write(Keyboard.this.lines.remove().getBytes(StandardCharsets.UTF_8));
                    keys.flush();
                }
            }
        };
        terminal = TerminalBuilder.builder()
                .system(false)
                .type("ansi")
                .streams(new PipedInputStream(keys), screen)
                .build();
        reader = LineReaderBuilder.builder().terminal(terminal).build();
    }

    String shown() {
        return shown.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
