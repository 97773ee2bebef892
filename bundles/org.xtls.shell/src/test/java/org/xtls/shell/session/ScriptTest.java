package org.xtls.shell.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ScriptTest {
    private final ThreadIOImpl threads = new ThreadIOImpl();
    private final CommandProcessorImpl processor = new CommandProcessorImpl(threads);
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** Commands of this test. */
    public final class Nurse {
        public String say(String word) {
            heard.add(word);
            return "say " + word;
        }

        public void fail() {
            throw new IllegalStateException("alack the day");
        }
    }

    @BeforeEach
    void begin() {
        threads.start();
        processor.addCommand("xtls", new Nurse(), "say");
        processor.addCommand("xtls", new Nurse(), "fail");
    }

    @AfterEach
    void end() {
        processor.stop();
        threads.stop();
    }

    @Test
    void blank_lines_and_comments_are_skipped_and_results_printed() throws Exception {
        assertEquals(0, run("# a comment\n\n  \r\n  # another\nsay peace\r\nsay 'so # be it'", false));
        assertEquals("say peace\nsay so # be it\n", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void the_first_command_that_fails_ends_a_run() throws Exception {
        assertEquals(1, run("say one\n\nfail\nsay two\n", false));
        assertEquals("say one\n", out.toString(StandardCharsets.UTF_8));
        assertEquals("xtls: line 3: alack the day\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void an_unknown_command_is_a_failure_too() throws Exception {
        assertEquals(1, run("wherefore\n", false));
        assertEquals("xtls: line 1: There is no command 'wherefore'; try help\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void a_conversation_goes_on_after_a_failure_and_ends_with_it() throws Exception {
        assertEquals(1, run("fail\nsay two\n", true));
        assertEquals("say two\n", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void a_line_is_run_when_it_comes_not_when_the_input_ends() throws Exception {
        try (PipedOutputStream typed = new PipedOutputStream();
                PipedInputStream input = new PipedInputStream(typed)) {
            CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> {
                try {
                    return script().run(input, false);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            typed.write("say first\n".getBytes(StandardCharsets.UTF_8));
            typed.flush();
            assertEquals("first", heard.poll(20, TimeUnit.SECONDS));
            typed.close();
            assertEquals(0, status.get(20, TimeUnit.SECONDS));
        }
    }

    private int run(String lines, boolean goOn) throws Exception {
        InputStream input = new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8));
        return script().run(input, goOn);
    }

    private Script script() {
        return new Script(processor, new PrintStream(out, true), new PrintStream(err, true));
    }
}
