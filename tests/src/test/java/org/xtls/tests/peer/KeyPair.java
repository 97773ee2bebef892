package org.xtls.tests.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A private key and a self-signed certificate made by {@code openssl}, in PEM files. */
public record KeyPair(Path key, Path certificate) {
    /** An ECDSA P-256 key; extensions of the certificate as openssl.cnf writes them. */
    public static KeyPair make(Path directory, String commonName, String... extensions) {
        Path key = directory.resolve(commonName + ".key");
        Path certificate = directory.resolve(commonName + ".crt");
        List<String> command = new ArrayList<>(List.of("req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"));
        command.addAll(List.of("-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=" + commonName));
        command.addAll(List.of("-keyout", key.toString(), "-out", certificate.toString()));
        for (String extension : extensions) {
            command.addAll(List.of("-addext", extension));
        }
        openssl(command);
        return new KeyPair(key, certificate);
    }

    /** SHA-256 of the certificate's DER, 64 lower-case hex digits, as {@code openssl} says. */
    public String fingerprint() {
        String line = openssl(List.of("x509", "-in", certificate.toString(), "-noout", "-fingerprint", "-sha256"));
        return line.substring(line.indexOf('=') + 1).strip().replace(":", "").toLowerCase();
    }

    /** Both in one PKCS#12 file. */
    public Path pkcs12(String password) {
        Path file = Path.of(key.toString().replace(".key", ".p12"));
        List<String> command = new ArrayList<>(List.of("pkcs12", "-export", "-out", file.toString()));
        command.addAll(List.of("-inkey", key.toString(), "-in", certificate.toString()));
        command.addAll(List.of("-passout", "pass:" + password));
        openssl(command);
        return file;
    }

    private static String openssl(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(arguments);
        try {
            Path output = Files.createTempFile("openssl", ".out");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(20, TimeUnit.SECONDS);
            process.destroyForcibly();
            String said = Files.readString(output, UTF_8);
            Files.delete(output);
            if (!ended || process.exitValue() != 0) {
                throw new AssertionError(command + " failed: " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException("openssl is needed and cannot be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
