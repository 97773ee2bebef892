package org.xtls.auth.x509;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The {@code openssl} command in a directory.
 *
 * @param directory where it leaves its files
 */
record OpenSsl(Path directory) {
    static final String XMPP_JULIET = "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:juliet@capulet.lit";

    /** Runs it and returns what it printed. */
    String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }

    /** A key of an algorithm in {@code name.key} and a self-signed certificate on it in {@code name.pem}. */
    X509Certificate selfSigned(String name, String algorithm, String... more)
            throws IOException, InterruptedException, CertificateException {
        List<String> key = new ArrayList<>(List.of("genpkey", "-out", name + ".key"));
        for (String part : algorithm.split(" ")) {
            key.add(part);
        }
        run(key.toArray(String[]::new));
        List<String> request = new ArrayList<>(List.of(
                "req", "-x509", "-key", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name, "-days", "30"));
        request.addAll(List.of(more));
        run(request.toArray(String[]::new));
        return certificate(name);
    }

    X509Certificate certificate(String name) throws IOException, CertificateException {
        try (InputStream pem = Files.newInputStream(directory.resolve(name + ".pem"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
        }
    }

    /** Puts both into {@code name.p12}. */
    Path pkcs12(String name, String password, String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "pkcs12", "-export", "-inkey", name + ".key", "-in", name + ".pem", "-out", name + ".p12", "-passout"));
        command.add("pass:" + password);
        command.addAll(List.of(more));
        run(command.toArray(String[]::new));
        return directory.resolve(name + ".p12");
    }
}
