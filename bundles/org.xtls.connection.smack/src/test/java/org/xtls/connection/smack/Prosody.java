package org.xtls.connection.smack;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Prosody of one's own on 127.0.0.1: romeo, password secret, at three domains. */
final class Prosody implements AutoCloseable {
    /** Serves TLS with a certificate in its name. */
    static final String TLS = "montague.net";

    /** Serves TLS with the certificate of the other. */
    static final String WRONG_NAME = "capulet.com";

    /** Serves no TLS, and SASL PLAIN only. */
    static final String PLAIN = "plain.example";

    final int port;
    final X509Certificate certificate;
    private final Process process;

    Prosody(Path directory) throws Exception {
        port = freePort();
        Path key = directory.resolve("key.pem");
        Path pem = directory.resolve("certificate.pem");
        run(
                directory,
                List.of(
                        "openssl",
                        "req",
                        "-x509",
                        "-newkey",
                        "ec",
                        "-pkeyopt",
                        "ec_paramgen_curve:P-256",
                        "-nodes",
                        "-keyout",
                        key.toString(),
                        "-out",
                        pem.toString(),
                        "-days",
                        "2",
                        "-subj",
                        "/CN=" + TLS,
                        "-addext",
                        "subjectAltName=DNS:" + TLS));
        try (var in = Files.newInputStream(pem)) {
            certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        for (String domain : List.of(TLS, WRONG_NAME, PLAIN)) {
            Path accounts = directory
                    .resolve("data")
                    .resolve(domain.replace(".", "%2e"))
                    .resolve("accounts");
            Files.createDirectories(accounts);
            Files.writeString(accounts.resolve("romeo.dat"), "return { [\"password\"] = \"secret\" };\n");
        }
        Path configuration = directory.resolve("prosody.cfg.lua");
        Files.writeString(configuration, """
                run_as_root = true
                data_path = "%1$s/data"
                pidfile = "%1$s/prosody.pid"
                log = { { levels = { min = "info" }, to = "console" } }
                modules_enabled = { "saslauth", "tls", "disco", "smacks", "ping" }
                modules_disabled = { "s2s", "http", "offline" }
                interfaces = { "127.0.0.1" }
                c2s_ports = { %2$d }
                c2s_direct_tls_ports = {}
                s2s_ports = {}
                c2s_require_encryption = false
                allow_unencrypted_plain_auth = true
                authentication = "internal_plain"
                storage = "internal"
                ssl = { key = "%3$s", certificate = "%4$s" }
                VirtualHost "montague.net"
                VirtualHost "capulet.com"
                VirtualHost "plain.example"
                    modules_disabled = { "tls" }
                    disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "DIGEST-MD5", "OAUTHBEARER" }
                """.formatted(directory, port, key, pem));
        process = new ProcessBuilder("prosody", "-F", "--config", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("prosody.log").toFile())
                .start();
        awaitListening(directory.resolve("prosody.log"));
    }

    String sha256() throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    }

    /** A trust store that holds this server's certificate. */
    Path trustStore(Path file, String password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("prosody", certificate);
        try (var out = Files.newOutputStream(file)) {
            store.store(out, password.toCharArray());
        }
        return file;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    private void awaitListening(Path log) throws Exception {
        for (int i = 0; i < 300; i++) {
            if (!process.isAlive()) {
                break;
            }
            try (Socket socket = new Socket("127.0.0.1", port)) {
                return;
            } catch (IOException e) {
                process.waitFor(100, TimeUnit.MILLISECONDS);
            }
        }
        close();
        throw new IOException("Prosody does not listen: " + Files.readString(log));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void run(Path directory, List<String> command) throws Exception {
        Path log = directory.resolve("openssl.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (process.waitFor() != 0) {
            throw new IOException(Files.readString(log));
        }
    }
}
