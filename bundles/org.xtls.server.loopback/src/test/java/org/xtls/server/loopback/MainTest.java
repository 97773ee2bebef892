package org.xtls.server.loopback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MainTest {

    private static final String READY = "listening on 127.0.0.1:";

    @Test
    void the_program_runs_until_its_input_ends(@TempDir Path folder) throws Exception {
        Path trace = folder.resolve("trace");
        Process program = start("--user", "romeo@montague.net=secret", "--trace", trace.toString(), "--until-eof");
        try (Socket ignored = new Socket("127.0.0.1", port(program))) {
            assertTrue(Files.exists(trace));
        }
        program.getOutputStream().close();
        assertTrue(program.waitFor(20, TimeUnit.SECONDS));
        assertEquals(0, program.exitValue());
    }

    @Test
    void the_program_ends_when_terminated() throws Exception {
        Process program = start();
        port(program);
        program.destroy();
        assertTrue(program.waitFor(20, TimeUnit.SECONDS));
    }

    @Test
    void the_program_says_how_it_is_used() throws Exception {
        Process program = start("--help");
        String help = new String(program.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, program.waitFor());
        for (String option : List.of("--port", "--user", "--domain", "--trace", "--until-eof")) {
            assertTrue(help.contains(option), option);
        }
    }

    @Test
    void wrong_arguments_end_the_program_with_status_2() throws Exception {
        for (List<String> wrong : List.of(List.of("--frobnicate"), List.of("--port"), List.of("--port", "many"))) {
            assertEquals(2, start(wrong.toArray(String[]::new)).waitFor(), wrong::toString);
        }
    }

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static int port(Process program) throws IOException {
        BufferedReader output = program.inputReader(UTF_8);
        String line = output.readLine();
        assertTrue(line.startsWith(READY), line);
        return Integer.parseInt(line.substring(READY.length()));
    }
}
