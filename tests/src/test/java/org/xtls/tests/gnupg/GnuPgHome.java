package org.xtls.tests.gnupg;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The real GnuPG in a home of its own, in a short path: the agent's socket has to fit into 108 octets. */
public final class GnuPgHome implements AutoCloseable {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rwx------");

    private final Path directory;

    /** An empty one. */
    public GnuPgHome() {
        try {
            directory = Files.createTempDirectory(Path.of("/tmp"), "xg", PosixFilePermissions.asFileAttribute(OWNER));
            // The agent takes what costs this machine a tenth of a second in C; in Java that is some seconds.
            Files.writeString(directory.resolve("gpg-agent.conf"), "s2k-count 65536\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it is. */
    public Path directory() {
        return directory;
    }

    /** A key; gives the fingerprint of the primary key. */
    public String generate(String userId, String algorithm, String usage, String passphrase) {
        gpg("--passphrase", passphrase, "--allow-freeform-uid", "--quick-generate-key", userId, algorithm, usage, "2y");
        return colons("fpr:", "--list-secret-keys").get(0).toLowerCase(Locale.ROOT);
    }

    /** An authentication key more. */
    public void addAuthenticationKey(String fingerprint, String algorithm, String passphrase) {
        gpg("--passphrase", passphrase, "--quick-add-key", fingerprint, algorithm, "auth", "2y");
    }

    /** Runs what a user was told to run. */
    public void runs(String command) {
        List<String> words = List.of(command.split(" "));
        if (!words.get(0).equals("gpg")) {
            throw new AssertionError(command);
        }
        List<String> arguments = new ArrayList<>(List.of("--passphrase", ""));
        arguments.addAll(words.subList(1, words.size()));
        gpg(arguments.toArray(String[]::new));
    }

    /** The certificates of these keys, as {@code gpg --export} writes them. */
    public byte[] export(String... fingerprints) {
        List<String> command = new ArrayList<>(List.of("gpg", "--batch", "--no-tty", "--export"));
        command.addAll(List.of(fingerprints));
        return run(command, "");
    }

    /** The secret key in a file for its owner only. */
    public Path exportSecret(String fingerprint, String passphrase, Path file) {
        gpg(
                "--yes",
                "--passphrase",
                passphrase,
                "--armor",
                "--output",
                file.toString(),
                "--export-secret-keys",
                fingerprint);
        try {
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes certificates. */
    public void take(byte[] certificates) {
        Path file = directory.resolve("taken");
        try {
            Files.write(file, certificates);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        gpg("--import", file.toString());
    }

    /** Certifies all User IDs of a key. */
    public void certify(String fingerprint) {
        gpg("--passphrase", "", "--yes", "--quick-sign-key", fingerprint);
    }

    /** Revokes an own key; the reason is what gpg's menu calls 1 compromised, 2 superseded, 3 no longer used. */
    public void revoke(String fingerprint, int reason) {
        byte[] revocation = run(
                List.of(
                        "gpg",
                        "--no-tty",
                        "--pinentry-mode",
                        "loopback",
                        "--passphrase",
                        "",
                        "--command-fd",
                        "0",
                        "--gen-revoke",
                        fingerprint),
                "y\n" + reason + "\n\ny\n");
        take(revocation);
    }

    /** A program that does what gpg does, and notes how it was called. */
    public Path notingGpg() {
        Path program = directory.resolve("noting-gpg");
        try {
            Files.writeString(program, "#!/bin/sh\necho \"$*\" >> '" + notes() + "'\nexec gpg \"$@\"\n");
            return Files.setPosixFilePermissions(program, OWNER);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How it was called. */
    public List<String> calls() {
        try {
            return Files.readAllLines(notes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The secret octets of the Ed25519 authentication key, out of the agent's own file. */
    public byte[] ed25519Secret() {
        List<String> keygrips = colons("grp:", "--with-keygrip", "--list-secret-keys");
        Path file = directory.resolve("private-keys-v1.d").resolve(keygrips.get(keygrips.size() - 1) + ".key");
        try {
            String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            Matcher written = Pattern.compile("\\(d\\s*#([0-9A-F\\s]+)#").matcher(text);
            if (written.find()) {
                return HexFormat.of().parseHex(written.group(1).replaceAll("\\s", ""));
            }
            int at = text.indexOf("(1:d32:");
            if (at < 0) {
                throw new AssertionError("no secret Ed25519 key in " + file);
            }
            return text.substring(at + 7, at + 39).getBytes(StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the agent. */
    public void killAgent() {
        run(List.of("gpgconf", "--kill", "gpg-agent"), "");
    }

    /** Starts one. */
    public void launchAgent() {
        run(List.of("gpgconf", "--launch", "gpg-agent"), "");
    }

    private Path notes() {
        return directory.resolve("calls");
    }

    private List<String> colons(String record, String... arguments) {
        List<String> command = new ArrayList<>(List.of("--with-colons"));
        command.addAll(List.of(arguments));
        return gpg(command.toArray(String[]::new))
                .lines()
                .filter(line -> line.startsWith(record))
                .map(line -> line.split(":")[9])
                .toList();
    }

    private String gpg(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"));
        command.addAll(List.of(arguments));
        return new String(run(command, ""), StandardCharsets.UTF_8);
    }

    private byte[] run(List<String> command, String input) {
        try {
            Path in = Files.writeString(directory.resolve("stdin"), input);
            Path out = directory.resolve("stdout");
            Path err = directory.resolve("stderr");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("GNUPGHOME", directory.toString());
            builder.environment().put("LC_ALL", "C");
            Process process = builder.start();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " hangs: " + Files.readString(err));
            }
            if (process.exitValue() != 0) {
                throw new AssertionError(command + ": " + Files.readString(err));
            }
            try (InputStream from = Files.newInputStream(out)) {
                return from.readAllBytes();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("GnuPG is needed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        run(List.of("gpgconf", "--kill", "all"), "");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
