package org.xtls.embedded.files;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A second JVM, that any user can start: it has the classes of this module in a place of their own. */
final class OtherJvm implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;

    private OtherJvm(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Starts one.
     *
     * @param place an empty directory
     * @param before a command that runs the command behind it
     * @param options of the JVM
     * @param main whose main method it runs
     */
    static OtherJvm start(Path place, List<String> before, List<String> options, Class<?> main, Object... arguments)
            throws IOException {
        for (Class<?> type : List.of(OwnerOnly.class, DirectoryLock.class, main)) {
            Path copy = place.resolve(type.getName().replace('.', '/') + ".class");
            Files.createDirectories(copy.getParent());
            Path original = Path.of(URI.create(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toString()))
                    .resolve(place.relativize(copy).toString());
            Files.copy(original, copy, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-XX:-UsePerfData", "-cp", place.toString(), main.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new OtherJvm(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    long pid() {
        return process.pid();
    }

    /** The next line, or "" at the end. */
    String line() throws IOException {
        String line = output.readLine();
        return line == null ? "" : line;
    }

    /** Kills it. */
    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new AssertionError("process " + pid() + " does not die");
        }
    }
}
