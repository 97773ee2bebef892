package org.xtls.auth.openpgp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The installed GnuPG: asked for public things only, without a shell, for a bounded time and output.
 *
 * @param gpg the program {@code gpg}
 * @param gpgconf the program {@code gpgconf}
 * @param home the GnuPG home, empty for the user's own
 */
record GnuPg(String gpg, String gpgconf, String home) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int MAX_OUTPUT = 1 << 20;

    /**
     * Where the agent listens.
     *
     * @param own its own protocol
     * @param ssh OpenSSH's
     */
    record Sockets(Path own, Path ssh) {}

    Sockets sockets() throws IOException {
        Map<String, String> directories = new HashMap<>();
        for (String line : text(run(List.of(gpgconf, "--list-dirs"))).split("\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                directories.put(line.substring(0, colon), unescaped(line.substring(colon + 1)));
            }
        }
        String own = directories.get("agent-socket");
        String ssh = directories.get("agent-ssh-socket");
        if (own == null || ssh == null) {
            throw new IOException(gpgconf + " does not tell where gpg-agent listens");
        }
        return new Sockets(Path.of(own), Path.of(ssh));
    }

    byte[] export(String fingerprint) throws IOException {
        byte[] exported = run(gpg("--export", "0x" + fingerprint));
        if (exported.length == 0) {
            throw new IOException("GnuPG has no key " + fingerprint);
        }
        return exported;
    }

    /** The agent's names of the keys of a certificate, by their fingerprints in lower case. */
    Map<String, String> keygrips(String fingerprint) throws IOException {
        Map<String, String> keygrips = new HashMap<>();
        String key = "";
        for (String line : text(run(gpg("--with-colons", "--with-keygrip", "--list-keys", "0x" + fingerprint)))
                .split("\n")) {
            String[] fields = line.split(":", -1);
            if (fields.length > 9 && fields[0].equals("fpr")) {
                key = fields[9].toLowerCase(Locale.ROOT);
            } else if (fields.length > 9 && fields[0].equals("grp") && fields[9].matches("[0-9A-F]{40}")) {
                keygrips.put(key, fields[9]);
            }
        }
        return keygrips;
    }

    /** The primary fingerprints of the keys that GnuPG has the secret of. */
    List<String> secretKeys() throws IOException {
        List<String> fingerprints = new ArrayList<>();
        boolean primary = false;
        for (String line : text(run(gpg("--with-colons", "--list-secret-keys"))).split("\n")) {
            String[] fields = line.split(":", -1);
            if (fields[0].equals("sec")) {
                primary = true;
            } else if (primary && fields[0].equals("fpr") && fields.length > 9) {
                fingerprints.add(fields[9].toLowerCase(Locale.ROOT));
                primary = false;
            }
        }
        return fingerprints;
    }

    /** Nothing here starts an agent: one that this program started would outlive it. */
    private List<String> gpg(String... arguments) {
        List<String> command = new ArrayList<>(List.of(gpg, "--batch", "--no-tty", "--no-autostart"));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private byte[] run(List<String> command) throws IOException {
        // A file has no pipe that fills up, and needs no thread that empties it.
        Path output = Files.createTempFile("xtls-gnupg", null);
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
            builder.environment().put("LC_ALL", "C");
            if (!home.isEmpty()) {
                builder.environment().put("GNUPGHOME", home);
            }
            Process process = builder.start();
            try {
                if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                    throw new IOException(command.get(0) + " did not end within " + PATIENCE.toSeconds() + " s");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while " + command.get(0) + " ran", e);
            } finally {
                process.destroyForcibly();
            }
            if (process.exitValue() != 0) {
                throw new IOException(
                        "'" + String.join(" ", command) + "' failed with the exit status " + process.exitValue());
            }
            try (InputStream in = Files.newInputStream(output)) {
                byte[] bytes = in.readNBytes(MAX_OUTPUT + 1);
                if (bytes.length > MAX_OUTPUT) {
                    throw new IOException(command.get(0) + " says too much");
                }
                return bytes;
            }
        } finally {
            Files.deleteIfExists(output);
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** gpgconf escapes colons and the like as in URIs. */
    private static String unescaped(String value) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) == '%' && i + 2 < value.length()) {
                text.append((char) Integer.parseInt(value, i + 1, i + 3, 16));
                i += 2;
            } else {
                text.append(value.charAt(i));
            }
        }
        return text.toString();
    }
}
