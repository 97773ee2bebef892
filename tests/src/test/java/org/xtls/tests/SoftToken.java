package org.xtls.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A token of SoftHSM (Debian: softhsm2, opensc) with a key that was made on it and a self-signed certificate for it.
 *
 * @param configuration SoftHSM's file, which {@link #CONFIGURATION} points to
 * @param library the PKCS#11 library
 * @param slot the number of the slot
 */
record SoftToken(Path configuration, Path library, String slot) {
    /** The environment variable. */
    static final String CONFIGURATION = "SOFTHSM2_CONF";

    static final String LABEL = "juliet";
    static final String PIN = "1302";

    /** Makes one. */
    static SoftToken make(Path folder, String account) {
        try {
            Files.createDirectories(folder.resolve("tokens"));
            Path configuration = Files.writeString(
                    folder.resolve("softhsm2.conf"),
                    "directories.tokendir = " + folder.resolve("tokens") + "\nobjectstore.backend = file\n");
            SoftToken free = new SoftToken(configuration, found(), "");
            free.run(
                    folder, "softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN);
            Matcher slot = Pattern.compile("Slot (\\d+)\\s(?:(?!Slot \\d)[\\s\\S])*?Label:\\s+" + LABEL)
                    .matcher(free.run(folder, "softhsm2-util", "--show-slots"));
            if (!slot.find()) {
                throw new AssertionError("no slot with the token");
            }
            SoftToken token = new SoftToken(configuration, free.library, slot.group(1));
            token.fill(folder, account);
            return token;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The key is made on the token and never leaves it: another signs the certificate. */
    private void fill(Path folder, String account) throws IOException {
        tool(folder, "--keypairgen", "--key-type", "EC:prime256v1", "--usage-sign", "--id", "01", "--label", LABEL);
        tool(folder, "--read-object", "--type", "pubkey", "--id", "01", "--output-file", "public.der");
        Files.writeString(
                folder.resolve("extensions"),
                "keyUsage = critical, digitalSignature\n" + "subjectAltName = otherName:1.3.6.1.5.5.7.8.5;UTF8:"
                        + account + "\n",
                UTF_8);
        String name = "/CN=Nurse";
        run(
                folder,
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                name,
                "-days",
                "2",
                "-keyout",
                "nurse.key",
                "-out",
                "nurse.crt");
        run(folder, "openssl", "req", "-new", "-key", "nurse.key", "-subj", "/CN=Juliet", "-out", "juliet.csr");
        run(folder, "openssl", "pkey", "-pubin", "-inform", "DER", "-in", "public.der", "-out", "public.pem");
        run(
                folder,
                "openssl",
                "x509",
                "-req",
                "-in",
                "juliet.csr",
                "-force_pubkey",
                "public.pem",
                "-CA",
                "nurse.crt",
                "-CAkey",
                "nurse.key",
                "-set_serial",
                "1",
                "-days",
                "2",
                "-extfile",
                "extensions",
                "-outform",
                "DER",
                "-out",
                "juliet.der");
        tool(folder, "--write-object", "juliet.der", "--type", "cert", "--id", "01", "--label", LABEL);
    }

    private void tool(Path folder, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "pkcs11-tool", "--module", library.toString(), "--token-label", LABEL, "--login", "--pin", PIN));
        command.addAll(List.of(arguments));
        run(folder, command.toArray(String[]::new));
    }

    private String run(Path folder, String... command) throws IOException {
        Path said = Files.createTempFile(folder, "command", ".out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment().put(CONFIGURATION, configuration.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        try {
            boolean ended = process.waitFor(Waiting.PATIENCE_SECONDS, TimeUnit.SECONDS);
            process.destroyForcibly();
            String output = Files.readString(said);
            if (!ended || process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + output);
            }
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Path found() {
        return Stream.of(
                        "/usr/lib/softhsm/libsofthsm2.so",
                        "/usr/lib64/pkcs11/libsofthsm2.so",
                        "/usr/lib64/libsofthsm2.so")
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new AssertionError("the tests need SoftHSM (Debian: apt-get install softhsm2)"));
    }
}
