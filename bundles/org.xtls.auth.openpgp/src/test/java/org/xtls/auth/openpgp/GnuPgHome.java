package org.xtls.auth.openpgp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The real GnuPG in a home of its own, in a short path: the agent's socket has to fit into 108 octets. */
final class GnuPgHome implements AutoCloseable {
    static final String PASSPHRASE = "but soft, what light";

    final Path directory;

    GnuPgHome() throws IOException {
        directory = Files.createTempDirectory(
                Path.of("/tmp"),
                "xg",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Runs gpg, and fails with what it says. */
    String gpg(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"));
        command.addAll(List.of(arguments));
        return new String(run(command, new byte[0]), StandardCharsets.UTF_8);
    }

    byte[] run(List<String> command, byte[] input) {
        try {
            Path in = Files.write(directory.resolve("stdin"), input);
            Path err = directory.resolve("stderr");
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectInput(in.toFile()).redirectError(err.toFile());
            builder.environment().put("GNUPGHOME", directory.toString());
            Process process = builder.start();
            byte[] out;
            try (InputStream from = process.getInputStream()) {
                out = from.readAllBytes();
            }
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new AssertionError(command + ": " + Files.readString(err));
            }
            return out;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A key; returns the fingerprint of the primary key. */
    String generate(String userId, String algorithm, String usage, String passphrase) {
        gpg("--passphrase", passphrase, "--quick-generate-key", userId, algorithm, usage, "2y");
        return fingerprint();
    }

    String fingerprint() {
        for (String line : gpg("--with-colons", "--list-secret-keys").split("\n")) {
            if (line.startsWith("fpr:")) {
                return line.split(":")[9].toLowerCase(Locale.ROOT);
            }
        }
        throw new AssertionError("no key");
    }

    void addKey(String fingerprint, String algorithm, String usage, String passphrase) {
        gpg("--passphrase", passphrase, "--quick-add-key", fingerprint, algorithm, usage, "2y");
    }

    byte[] export(String fingerprint) {
        return run(List.of("gpg", "--batch", "--no-tty", "--export", fingerprint), new byte[0]);
    }

    /** The secret key in a file for its owner only. */
    Path exportSecret(String fingerprint, String passphrase) throws IOException {
        Path file = directory.resolve("secret.asc");
        gpg("--passphrase", passphrase, "--armor", "--output", file.toString(), "--export-secret-keys", fingerprint);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    void importKey(byte[] key) {
        run(List.of("gpg", "--batch", "--quiet", "--no-tty", "--import"), key);
    }

    void killAgent() {
        run(List.of("gpgconf", "--kill", "gpg-agent"), new byte[0]);
    }

    @Override
    public void close() throws IOException {
        run(List.of("gpgconf", "--kill", "all"), new byte[0]);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
