package org.xtls.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * What the command line asks for.
 *
 * @param task what to do
 * @param home the folder that holds the container's state
 * @param commands where commands come from: a file, {@code -}, or nothing
 */
record Options(Task task, Path home, String commands) {
    static final String HELP = """
            usage: xtls [--home DIR]            an interactive shell
                   xtls [--home DIR] run FILE   run the commands in FILE, one on each line
                   xtls [--home DIR] run -      run commands from standard input as they come
                   xtls --help | --version

              --home DIR   the container's state: own keys, known keys of peers, configuration, log, and
                           deploy/, where bundles and configurations put there are installed at once.
                           Default: $XTLS_HOME, or .xtls in your home folder. One container at a time.

            In the shell "help" lists the commands. In a file, blank lines and lines that begin with # are
            skipped; the first command that fails ends the run. Without a terminal and without "run",
            commands come from standard input too, and a failed one is no reason to stop.
            Exit status: 0 all went well, 1 a command (any of them) or the container failed, 2 wrong usage.
            Environment: JAVA_HOME (a JDK or JRE, 17 or later), XTLS_OPTS (options for Java), XTLS_HOME.
            """;

    enum Task {
        HELP,
        VERSION,
        /** A session of plain lines. */
        COMMANDS,
        /** A shell with a line editor. */
        TERMINAL
    }

    static Options parse(String... words) {
        Deque<String> left = new ArrayDeque<>(Arrays.asList(words));
        Path home = defaultHome();
        while (!left.isEmpty()) {
            String word = left.remove();
            switch (word) {
                case "--help", "-h" -> {
                    return new Options(Task.HELP, home, "");
                }
                case "--version" -> {
                    return new Options(Task.VERSION, home, "");
                }
                case "--home" -> home = Path.of(next(left, "--home needs a folder"));
                case "run" -> {
                    String commands = next(left, "run needs a file, or - for standard input");
                    requireEnd(left);
                    requireReadable(commands);
                    return new Options(Task.COMMANDS, home, commands);
                }
                default -> throw new IllegalArgumentException("what is '" + word + "'?");
            }
        }
        boolean terminal = Boolean.getBoolean("xtls.terminal");
        return new Options(terminal ? Task.TERMINAL : Task.COMMANDS, home, "");
    }

    private static Path defaultHome() {
        String home = System.getenv("XTLS_HOME");
        return home == null || home.isEmpty() ? Path.of(System.getProperty("user.home"), ".xtls") : Path.of(home);
    }

    private static String next(Deque<String> left, String problem) {
        if (left.isEmpty() || left.element().isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
        return left.remove();
    }

    private static void requireEnd(Deque<String> left) {
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("'" + left.element() + "' is too much");
        }
    }

    /** Said before a container is started for it. */
    private static void requireReadable(String commands) {
        if (commands.equals("-")) {
            return;
        }
        Path file = Path.of(commands);
        if (!Files.exists(file)) {
            throw new IllegalArgumentException("there is no file " + file);
        }
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + " is a folder; a file with commands is wanted");
        }
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("the file " + file + " may not be read by you");
        }
    }
}
