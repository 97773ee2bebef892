package org.xtls.tests.pki;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A company's CA in a folder of its own: a root, certificates for people, and a revocation list. */
public final class CertificateAuthority {
    private static final String CONFIGURATION = """
            [ca]
            default_ca = company
            [company]
            dir = .
            database = index.txt
            serial = serial
            crlnumber = crlnumber
            new_certs_dir = .
            certificate = ca.pem
            private_key = ca.key
            default_md = sha256
            default_days = 30
            default_crl_days = 7
            policy = anything
            copy_extensions = none
            unique_subject = no
            [anything]
            commonName = optional
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = %1$s
            [root]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            """;

    private static final String PERSON = """
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = clientAuth, serverAuth
            authorityKeyIdentifier = keyid
            subjectAltName = otherName:1.3.6.1.5.5.7.8.5;UTF8:%s
            """;

    private final Path folder;

    private CertificateAuthority(Path folder) {
        this.folder = folder;
    }

    /** Founds one. */
    public static CertificateAuthority found(Path folder, String name) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("openssl.cnf"), CONFIGURATION.formatted(name), UTF_8);
            Files.writeString(folder.resolve("index.txt"), "");
            Files.writeString(folder.resolve("serial"), "1000\n");
            Files.writeString(folder.resolve("crlnumber"), "01\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        CertificateAuthority ca = new CertificateAuthority(folder);
        ca.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key");
        ca.openssl(
                "req",
                "-x509",
                "-new",
                "-config",
                "openssl.cnf",
                "-extensions",
                "root",
                "-key",
                "ca.key",
                "-days",
                "365",
                "-out",
                "ca.pem");
        return ca;
    }

    /** The root's certificate. */
    public Path certificate() {
        return folder.resolve("ca.pem");
    }

    /** A key and a certificate for an account, in one PKCS#12 file without a password, the root's certificate in it. */
    public Path issue(String account) {
        Path key = folder.resolve(account + ".key");
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key.toString());
        certify(account, key);
        Path file = folder.resolve(account + ".p12");
        openssl(
                "pkcs12",
                "-export",
                "-passout",
                "pass:",
                "-name",
                "xmpp",
                "-inkey",
                key.toString(),
                "-in",
                certificate(account).toString(),
                "-certfile",
                "ca.pem",
                "-out",
                file.toString());
        return ownersOnly(file);
    }

    /** A certificate for a key that is somewhere, given its request. */
    public Path certifyRequest(String account, Path request) {
        return sign(account, List.of("-in", request.toString()));
    }

    /** The certificate that was last issued to an account. */
    public Path certificate(String account) {
        return folder.resolve(account + ".pem");
    }

    /** Takes a certificate back, and writes a new list. */
    public void revoke(String account) {
        openssl("ca", "-config", "openssl.cnf", "-revoke", certificate(account).toString());
        list();
    }

    /** The revocation list, written now. */
    public Path list() {
        openssl("ca", "-config", "openssl.cnf", "-gencrl", "-out", "crl.pem");
        return folder.resolve("crl.pem");
    }

    /** Only its owner may read a file with a key. */
    static Path ownersOnly(Path file) {
        try {
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void certify(String account, Path key) {
        Path request = folder.resolve(account + ".csr");
        openssl(
                "req",
                "-new",
                "-config",
                "openssl.cnf",
                "-subj",
                "/CN=" + account,
                "-key",
                key.toString(),
                "-out",
                request.toString());
        certifyRequest(account, request);
    }

    private Path sign(String account, List<String> request) {
        Path extensions = folder.resolve(account + ".ext");
        try {
            Files.writeString(extensions, PERSON.formatted(account), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> command = new ArrayList<>(
                List.of("ca", "-batch", "-notext", "-config", "openssl.cnf", "-extfile", extensions.toString()));
        command.addAll(request);
        command.addAll(List.of("-out", certificate(account).toString()));
        openssl(command.toArray(String[]::new));
        return certificate(account);
    }

    private void openssl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Commands.run(folder, command);
    }

    /** Short commands that must succeed. */
    static final class Commands {
        private Commands() {}

        static String run(Path folder, List<String> command) {
            try {
                Path said = Files.createTempFile("command", ".out");
                Process process = new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile())
                        .start();
                process.getOutputStream().close();
                boolean done = process.waitFor(60, TimeUnit.SECONDS);
                String output = Files.readString(said);
                Files.delete(said);
                if (!done || process.exitValue() != 0) {
                    process.destroyForcibly();
                    throw new IllegalStateException(String.join(" ", command) + ": " + output);
                }
                return output;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}
