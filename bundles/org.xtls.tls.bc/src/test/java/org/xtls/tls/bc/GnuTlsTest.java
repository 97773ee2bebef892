package org.xtls.tls.bc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.tls.crypto.SRP6StandardGroups;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.tls.Alert;
import org.xtls.tls.Credential;
import org.xtls.tls.Handshake;
import org.xtls.tls.OcspResponse;
import org.xtls.tls.Proof;
import org.xtls.tls.SrpGroup;
import org.xtls.tls.TlsException;
import org.xtls.tls.TlsSession;
import org.xtls.tls.TlsSession.State;

/** GnuTLS at the other end, which has what OpenSSL 3.0 has not: raw public keys. */
@Timeout(120)
final class GnuTlsTest {
    private static final String TLS_1_3 = "NORMAL:-VERS-ALL:+VERS-TLS1.3";
    private static final String RAW_KEYS = TLS_1_3 + ":-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK";
    private static final String EITHER_KEYS = TLS_1_3 + ":+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK";
    private static final String SRP = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+SRP";
    private static final String RADIX_64 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz./";

    @TempDir
    Path directory;

    private KeyPair theirs;
    private X509Certificate theirCertificate;

    // Raw public keys (RFC 7250)

    @ParameterizedTest
    @EnumSource(Keys.class)
    void a_raw_key_with_a_server_of_gnutls(Keys keys) throws Exception {
        for (String priority : List.of(RAW_KEYS, EITHER_KEYS)) {
            try (Program server = server(priority, rawKey(keys));
                    Relay client = Relay.to(server, server.port(), keys.raw())) {
                client.until(session -> session.state() == State.ESTABLISHED);
                assertEquals(
                        new Proof.RawPublicKey(theirs.getPublic()),
                        client.session.handshake().proof());
                assertEquals("TLSv1.3", client.session.handshake().version());
                assertEchoed(client);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Keys.class)
    void a_raw_key_with_a_client_of_gnutls(Keys keys) throws Exception {
        for (String priority : List.of(RAW_KEYS, EITHER_KEYS)) {
            try (ServerSocket port = Relay.listen();
                    Program client = client(port, priority, rawKey(keys));
                    Relay server = Relay.accept(port, client, keys.raw())) {
                server.until(session -> session.state() == State.ESTABLISHED);
                assertEquals(
                        new Proof.RawPublicKey(theirs.getPublic()),
                        server.session.handshake().proof());
                assertTalked(server, client);
            }
        }
    }

    @Test
    void a_client_of_gnutls_with_certificates_only_gets_no_raw_key() throws Exception {
        try (ServerSocket port = Relay.listen();
                Program client = client(port, TLS_1_3, certificate());
                Relay server = Relay.accept(port, client, Keys.ED25519.raw())) {
            TlsException failure = assertThrows(TlsException.class, () -> server.until(session -> false));

            TlsEngineContract.assertAlert(Alert.UNSUPPORTED_CERTIFICATE, false, failure);
            client.await("alert \\[43\\]");
        }
    }

    @Test
    void a_server_of_gnutls_with_certificates_only_is_left() throws Exception {
        try (Program server = server(TLS_1_3, certificate());
                Relay client = Relay.to(server, server.port(), Keys.ED25519.raw())) {
            TlsException failure = assertThrows(TlsException.class, () -> client.until(session -> false));

            assertEquals(Alert.UNSUPPORTED_CERTIFICATE, failure.alert(), failure::toString);
        }
    }

    // X.509, with OCSP stapled

    @Test
    void certificates_with_a_server_of_gnutls() throws Exception {
        List<String> certificate = certificate();
        List<String> stapled = new ArrayList<>(certificate);
        OcspResponse response = Revocation.good(theirs, theirCertificate);
        stapled.addAll(List.of("--ocsp-response", file("ocsp.der", response.der()), "--ignore-ocsp-response-errors"));
        for (List<String> identity : List.of(certificate, stapled)) {
            try (Program server = server(TLS_1_3, identity);
                    Relay client = Relay.to(server, server.port(), Keys.ED25519.chain())) {
                client.until(session -> session.state() == State.ESTABLISHED);
                assertEquals(
                        new Proof.CertificateChain(List.of(theirCertificate), identity == stapled ? response : null),
                        client.session.handshake().proof());
                assertEchoed(client);
            }
        }
    }

    @Test
    void certificates_with_a_client_of_gnutls() throws Exception {
        for (Credential credential :
                List.of(Keys.ED25519.chain(), TlsEngineContract.stapled(Keys.ED25519.chain(), 300))) {
            try (ServerSocket port = Relay.listen();
                    Program client = client(port, TLS_1_3, certificate());
                    Relay server = Relay.accept(port, client, credential)) {
                server.until(session -> session.state() == State.ESTABLISHED);
                assertTalked(server, client);
            }
        }
    }

    // RFC 5054

    @ParameterizedTest
    @EnumSource(
            value = SrpGroup.class,
            names = {"RFC5054_2048", "RFC5054_3072", "RFC5054_4096"})
    void a_password_with_a_server_of_gnutls(SrpGroup group) throws Exception {
        try (Program server = server(SRP, verifier(group));
                Relay client = Relay.to(server, server.port(), TlsEngineContract.password("capulet"))) {
            client.until(session -> session.state() == State.ESTABLISHED);
            assertEquals(
                    new Handshake("TLSv1.2", group.name(), "TLS_SRP_SHA_WITH_AES_256_CBC_SHA", new Proof.Srp()),
                    client.session.handshake());
            assertEchoed(client);
        }
    }

    /** GnuTLS has no group of 6144 bits. */
    @ParameterizedTest
    @EnumSource(
            value = SrpGroup.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"RFC5054_6144"})
    void a_password_with_a_client_of_gnutls(SrpGroup group) throws Exception {
        try (ServerSocket port = Relay.listen();
                Program client = client(port, SRP, password("capulet"));
                Relay server = Relay.accept(port, client, TlsEngineContract.verifier(group, "capulet"))) {
            server.until(session -> session.state() == State.ESTABLISHED);
            assertEquals(
                    new Handshake("TLSv1.2", group.name(), "TLS_SRP_SHA_WITH_AES_256_CBC_SHA", new Proof.Srp()),
                    server.session.handshake());
            assertTalked(server, client);
        }
    }

    /** A salt is bytes and not a number, so that its leading zeros count; not for OpenSSL. */
    @Test
    void a_salt_of_zeros_with_a_client_of_gnutls() throws Exception {
        Credential verifier =
                Srp6a.in(SrpGroup.RFC5054_2048).verifier("romeo@montague.example", "capulet", new byte[16]);
        try (ServerSocket port = Relay.listen();
                Program client = client(port, SRP, password("capulet"));
                Relay server = Relay.accept(port, client, verifier)) {
            server.until(session -> session.state() == State.ESTABLISHED);
            assertTalked(server, client);
        }
    }

    @Test
    void a_server_of_gnutls_refuses_a_wrong_password() throws Exception {
        try (Program server = server(SRP, verifier(SrpGroup.RFC5054_2048));
                Relay client = Relay.to(server, server.port(), TlsEngineContract.password("montague"))) {
            TlsException failure = assertThrows(TlsException.class, () -> client.until(session -> false));

            TlsEngineContract.assertAlert(Alert.BAD_RECORD_MAC, true, failure);
        }
    }

    /** Of 1024 and 1536 bits, by their numbers in GnuTLS. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void a_server_of_gnutls_in_a_small_group_is_left(int index) throws Exception {
        try (Program server = server(SRP, verifier(index));
                Relay client = Relay.to(server, server.port(), TlsEngineContract.password("capulet"))) {
            TlsException failure = assertThrows(TlsException.class, () -> client.until(session -> false));

            TlsEngineContract.assertAlert(Alert.INSUFFICIENT_SECURITY, false, failure);
        }
    }

    @Test
    void a_client_of_gnutls_exports_the_same_material() throws Exception {
        List<String> arguments = new ArrayList<>(password("capulet"));
        arguments.addAll(List.of("--keymatexport", "EXPORTER-xtls-verify", "--keymatexportsize", "32"));
        try (ServerSocket port = Relay.listen();
                Program client = client(port, SRP, arguments);
                Relay server = Relay.accept(port, client, TlsEngineContract.verifier("capulet"))) {
            server.until(session -> session.state() == State.ESTABLISHED);

            String material = client.await("Key material: ([0-9A-Fa-f]{64})");
            assertEquals(
                    material.toLowerCase(Locale.ROOT),
                    HexFormat.of().formatHex(server.session.export("EXPORTER-xtls-verify", new byte[0], 32)));
        }
    }

    @Test
    void a_client_of_gnutls_with_a_wrong_password_is_refused() throws Exception {
        try (ServerSocket port = Relay.listen();
                Program client = client(port, SRP, password("montague"));
                Relay server = Relay.accept(port, client, TlsEngineContract.verifier("capulet"))) {
            TlsException failure = assertThrows(TlsException.class, () -> server.until(session -> false));

            TlsEngineContract.assertAlert(Alert.BAD_RECORD_MAC, false, failure);
            client.await("alert \\[20\\]");
        }
    }

    @Test
    void a_client_of_gnutls_with_another_name_is_refused() throws Exception {
        try (ServerSocket port = Relay.listen();
                Program client =
                        client(port, SRP, List.of("--srpusername", "paris@verona.example", "--srppasswd", "capulet"));
                Relay server = Relay.accept(port, client, TlsEngineContract.verifier("capulet"))) {
            TlsException failure = assertThrows(TlsException.class, () -> server.until(session -> false));

            TlsEngineContract.assertAlert(Alert.UNKNOWN_PSK_IDENTITY, false, failure);
            client.await("alert \\[115\\]");
        }
    }

    @Test
    void a_client_of_gnutls_without_what_makes_tls_1_2_safe_is_refused() throws Exception {
        for (String without : List.of("%NO_SESSION_HASH", "%NO_ETM")) {
            try (ServerSocket port = Relay.listen();
                    Program client = client(port, SRP + ":" + without, password("capulet"));
                    Relay server = Relay.accept(port, client, TlsEngineContract.verifier("capulet"))) {
                TlsException failure = assertThrows(TlsException.class, () -> server.until(session -> false));

                TlsEngineContract.assertAlert(Alert.HANDSHAKE_FAILURE, false, failure);
                client.await("alert \\[40\\]");
            }
        }
    }

    @Test
    void a_server_of_gnutls_without_what_makes_tls_1_2_safe_is_left() throws Exception {
        for (String without : List.of("%NO_SESSION_HASH", "%NO_ETM")) {
            try (Program server = server(SRP + ":" + without, verifier(SrpGroup.RFC5054_2048));
                    Relay client = Relay.to(server, server.port(), TlsEngineContract.password("capulet"))) {
                TlsException failure = assertThrows(TlsException.class, () -> client.until(session -> false));

                TlsEngineContract.assertAlert(Alert.HANDSHAKE_FAILURE, false, failure);
            }
        }
    }

    // Parts

    private static void assertEchoed(Relay client) throws Exception {
        client.write("from Romeo\n");
        client.untilReceived("from Romeo");
        String much = "x".repeat(40_000);
        client.write(much + "\n");
        client.untilReceived("x".repeat(1000));
        client.closeNotify();
        client.until(TlsSession::peerClosed);
    }

    private static void assertTalked(Relay server, Program client) throws Exception {
        server.write("from Juliet\n");
        client.await("from Juliet");
        client.tell("from GnuTLS");
        server.untilReceived("from GnuTLS");
        server.closeNotify();
        client.await("Peer has closed");
    }

    private static Program server(String priority, List<String> identity) throws Exception {
        List<String> command = new ArrayList<>(List.of("gnutls-serv", "--port", "0", "--echo", "--noticket"));
        command.addAll(List.of("--priority", priority));
        command.addAll(priority.equals(SRP) ? List.of() : List.of("--require-client-cert"));
        command.addAll(identity);
        Program server = Program.run(command);
        server.await("IPv4.*done");
        return server;
    }

    private static Program client(ServerSocket port, String priority, List<String> identity) throws Exception {
        List<String> command = new ArrayList<>(List.of("gnutls-cli", "--insecure", "--priority", priority));
        command.addAll(identity);
        command.addAll(List.of("--port", String.valueOf(port.getLocalPort()), "127.0.0.1"));
        return Program.run(command);
    }

    private List<String> rawKey(Keys keys) throws Exception {
        theirs = keys.generate();
        return List.of(
                "--rawpkkeyfile", privateKey(),
                "--rawpkfile",
                        file("public.pem", "PUBLIC KEY", theirs.getPublic().getEncoded()));
    }

    private List<String> certificate() throws Exception {
        theirs = Keys.P256.generate();
        theirCertificate = Keys.P256.selfSigned(theirs);
        return List.of(
                "--x509keyfile", privateKey(),
                "--x509certfile", file("certificate.pem", "CERTIFICATE", theirCertificate.getEncoded()));
    }

    private String privateKey() throws Exception {
        PrivateKeyInfo jdks = PrivateKeyInfo.getInstance(theirs.getPrivate().getEncoded());
        if (!jdks.getPrivateKeyAlgorithm().getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            return file("key.pem", "PRIVATE KEY", jdks.getEncoded());
        }
        // The JDK leaves the public key out of an elliptic curve's private one, and GnuTLS wants it.
        var secret = (java.security.interfaces.ECPrivateKey) theirs.getPrivate();
        var whole = new ECPrivateKey(
                secret.getParams().getOrder().bitLength(),
                secret.getS(),
                SubjectPublicKeyInfo.getInstance(theirs.getPublic().getEncoded())
                        .getPublicKeyData(),
                jdks.getPrivateKeyAlgorithm().getParameters());
        return file("key.pem", "PRIVATE KEY", new PrivateKeyInfo(jdks.getPrivateKeyAlgorithm(), whole).getEncoded());
    }

    private static List<String> password(String password) {
        return List.of("--srpusername", "romeo@montague.example", "--srppasswd", password);
    }

    /** Made by GnuTLS too. */
    private List<String> verifier(SrpGroup group) throws Exception {
        return verifier(3 + (group.bits() - 2048) / 1024);
    }

    private List<String> verifier(int index) throws Exception {
        String groups = directory.resolve("groups").toString();
        String verifiers = directory.resolve("verifiers").toString();
        try (Program srptool = Program.run(List.of("srptool", "--create-conf", groups))) {
            assertEquals(0, srptool.exitCode(), srptool::toString);
        }
        if (index == 1) {
            addSmallestGroup(Path.of(groups));
        }
        try (Program srptool = Program.run(List.of(
                "srptool",
                "--passwd-conf",
                groups,
                "--passwd",
                verifiers,
                "--index",
                String.valueOf(index),
                "--username",
                "romeo@montague.example"))) {
            srptool.await("Enter password");
            srptool.tell("capulet");
            assertEquals(0, srptool.exitCode(), srptool::toString);
        }
        return List.of("--srppasswd", verifiers, "--srppasswdconf", groups);
    }

    /** GnuTLS still takes groups of 1024 bits, but 3.7 has ceased to write one into the file. */
    private static void addSmallestGroup(Path groups) throws Exception {
        BigInteger prime = SRP6StandardGroups.rfc5054_1024.getN();
        BigInteger generator = SRP6StandardGroups.rfc5054_1024.getG();
        Files.writeString(groups, "1:" + radix64(prime) + ":" + radix64(generator) + "\n", StandardOpenOption.APPEND);
    }

    /** A number as GnuTLS has it in its files of groups and verifiers. */
    private static String radix64(BigInteger number) {
        StringBuilder digits = new StringBuilder();
        for (BigInteger rest = number; rest.signum() > 0; rest = rest.shiftRight(6)) {
            digits.append(RADIX_64.charAt(rest.intValue() & 63));
        }
        return digits.reverse().toString();
    }

    private String file(String name, String what, byte[] content) throws Exception {
        return file(name, Program.pem(what, content).getBytes(StandardCharsets.US_ASCII));
    }

    private String file(String name, byte[] content) throws Exception {
        return Files.write(directory.resolve(name), content).toString();
    }
}
