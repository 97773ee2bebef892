package org.xtls.auth.x509;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.BareJid;
import org.xtls.tls.Credential;
import org.xtls.tls.OcspResponse;

/** A CA's word on the own certificate, as OpenSSL's responder makes it, goes along in the handshake. */
class StapledTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");

    @TempDir
    Path directory;

    private final MovingClock clock = new MovingClock(Instant.now());
    private OpenSsl openSsl;
    private IdentitySource source;

    @BeforeEach
    void issue() throws Exception {
        openSsl = new OpenSsl(directory);
        openSsl.selfSigned("ca", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        for (String name : new String[] {"juliet", "nurse"}) {
            openSsl.run("genpkey", "-algorithm", "ed25519", "-out", name + ".key");
            openSsl.run("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr");
            openSsl.run(
                    "x509",
                    "-req",
                    "-in",
                    name + ".csr",
                    "-CA",
                    "ca.pem",
                    "-CAkey",
                    "ca.key",
                    "-out",
                    name + ".pem",
                    "-days",
                    "30");
        }
        clock.to(Instant.now());
        source = new Stapled(
                Sources.pem(directory + "/juliet.pem", directory + "/juliet.key", "", clock),
                PathPattern.of("ocsp", directory + "/{account}.ocsp"),
                clock);
    }

    @Test
    void the_response_goes_along_and_is_read_again_when_it_changes() throws Exception {
        byte[] first = respond("juliet", 7);
        assertArrayEquals(first, staple());
        clock.forward(Duration.ofDays(3));
        assertArrayEquals(first, staple());
        byte[] second = respond("juliet", 9);
        Files.setLastModifiedTime(file(), FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
        assertArrayEquals(second, staple());
    }

    @Test
    void without_a_file_the_certificate_goes_alone() throws Exception {
        assertNull(staple());
        respond("juliet", 7);
        assertNotNull(staple(), "it is found as soon as it is there");
        Files.delete(file());
        assertNull(staple());
    }

    @Test
    void an_outdated_response_is_left_out() throws Exception {
        respond("juliet", 7);
        assertNotNull(staple());
        clock.forward(Duration.ofDays(8));
        assertNull(staple(), "outdated while it was in use");
        assertNull(staple());
    }

    @Test
    void a_response_about_another_certificate_is_left_out() throws Exception {
        respond("nurse", 7);
        assertNull(staple());
    }

    @Test
    void what_is_no_response_is_left_out() throws Exception {
        byte[] good = respond("juliet", 7);
        byte[][] bad = {
            {},
            {0x30},
            "-----BEGIN OCSP RESPONSE-----".getBytes(),
            new byte[OcspResponse.MAX_BYTES + 1],
            // tryLater
            {0x30, 0x03, 0x0a, 0x01, 0x03}
        };
        for (byte[] content : bad) {
            Files.write(file(), content);
            assertNull(staple());
        }
        Files.write(file(), good);
        assertArrayEquals(good, staple());
    }

    @Test
    void a_problem_with_the_response_is_none_with_the_certificate() throws Exception {
        Files.write(file(), new byte[] {1, 2, 3});
        assertEquals(
                openSsl.certificate("juliet"), Sources.current(source, JULIET).certificate());
    }

    @Test
    void a_self_made_certificate_has_none() throws Exception {
        try (Identities identities = new Identities(directory.resolve("own"), Clock.systemUTC())) {
            assertNull(((Credential.CertificateChain)
                            Stages.await(identities.of(JULIET)).credential())
                    .ocsp());
        }
    }

    private byte @Nullable [] staple() throws Exception {
        OcspResponse response =
                ((Credential.CertificateChain) Sources.current(source, JULIET).credential()).ocsp();
        return response == null ? null : response.der();
    }

    private byte[] respond(String name, int days) throws Exception {
        String serial = openSsl.certificate(name).getSerialNumber().toString(16).toUpperCase();
        Files.writeString(
                directory.resolve("index"),
                "V\t491231235959Z\t\t" + (serial.length() % 2 == 0 ? "" : "0") + serial + "\tunknown\t/CN=" + name
                        + "\n");
        openSsl.run("ocsp", "-issuer", "ca.pem", "-cert", name + ".pem", "-no_nonce", "-reqout", "request");
        openSsl.run(
                "ocsp",
                "-index",
                "index",
                "-rsigner",
                "ca.pem",
                "-rkey",
                "ca.key",
                "-CA",
                "ca.pem",
                "-reqin",
                "request",
                "-respout",
                file().toString(),
                "-ndays",
                String.valueOf(days));
        return Files.readAllBytes(file());
    }

    private Path file() {
        return directory.resolve("juliet@capulet.lit.ocsp");
    }
}
