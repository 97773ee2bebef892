package org.xtls.auth.x509;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;

/**
 * The files of a configuration, read again when they change. One that cannot be used is reported by its name, and then
 * nobody is trusted and nobody taken: without it a revoked certificate could pass, or a bound peer for a stranger. Used
 * by one thread at a time.
 */
final class TrustFiles {
    private static final Logger LOG = LoggerFactory.getLogger(TrustFiles.class);

    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_BYTES_OF_A_CRL = 32 << 20;
    private static final int MOST_FILES = 1_000;
    private static final int MOST_AUTHORITIES = 1_000;

    private final TrustSettings settings;
    private @Nullable Map<Path, Stamp> stamps;
    private @Nullable Authorities loaded;

    TrustFiles(TrustSettings settings) {
        this.settings = settings;
    }

    /**
     * What the files say now.
     *
     * @throws XtlsException when one cannot be used; the failure names it
     */
    Authorities current() throws XtlsException {
        Map<Path, Stamp> now = new LinkedHashMap<>();
        List<Path> anchors = new ArrayList<>();
        for (TrustSettings.Anchors configured : settings.anchors()) {
            anchors.add(configured.file());
        }
        stamp(now, "anchors", anchors);
        List<Path> crls = stamp(now, "crls", expanded("crls", settings.crls()));
        List<Path> ocsp = stamp(now, "ocsp", expanded("ocsp", settings.ocsp()));
        Authorities before = loaded;
        if (before != null && now.equals(stamps)) {
            return before;
        }
        loaded = null;
        Authorities read =
                new Authorities(authorities(), Revocation.of(settings.revocation(), crls(crls), ocsp(ocsp)), settings);
        loaded = read;
        stamps = now;
        if (!now.isEmpty()) {
            LOG.info("trusted CAs read: {}", read);
        }
        return read;
    }

    private List<Authority> authorities() throws XtlsException {
        List<Authority> authorities = new ArrayList<>();
        for (TrustSettings.Anchors configured : settings.anchors()) {
            Path file = configured.file();
            List<byte[]> certificates = read("anchors", file, MOST_BYTES, "CERTIFICATE");
            for (byte[] der : certificates) {
                try {
                    authorities.add(new Authority(authority(der), configured.domains(), file));
                } catch (CertificateRefusal e) {
                    throw unusable("anchors", file, "holds a certificate that " + e.what());
                }
            }
            if (authorities.size() > MOST_AUTHORITIES) {
                throw unusable("anchors", file, "makes it more than " + MOST_AUTHORITIES + " CAs");
            }
        }
        return authorities;
    }

    private static X509Certificate authority(byte[] der) throws CertificateRefusal {
        X509Certificate certificate = CertificateForm.read(der);
        CertificateForm.requireSoundKey(certificate.getPublicKey());
        if (certificate.getBasicConstraints() < 0) {
            throw CertificateRefusal.unsuitable("is no CA's: " + Authority.name(certificate));
        }
        boolean[] usage = certificate.getKeyUsage();
        if (usage != null && !usage[5]) {
            throw CertificateRefusal.unsuitable("may not sign certificates: " + Authority.name(certificate));
        }
        return certificate;
    }

    private static List<RevocationList> crls(List<Path> files) throws XtlsException {
        List<RevocationList> lists = new ArrayList<>();
        for (Path file : files) {
            for (byte[] der : read("crls", file, MOST_BYTES_OF_A_CRL, "X509 CRL")) {
                try {
                    lists.add(RevocationList.read(der));
                } catch (CertificateRefusal e) {
                    throw unusable("crls", file, "holds a CRL that " + e.what());
                }
            }
        }
        return lists;
    }

    private static List<OcspAnswer> ocsp(List<Path> files) throws XtlsException {
        List<OcspAnswer> answers = new ArrayList<>();
        for (Path file : files) {
            for (byte[] der : read("ocsp", file, MOST_BYTES, "OCSP RESPONSE")) {
                try {
                    answers.add(OcspAnswer.read(der));
                } catch (CertificateRefusal e) {
                    throw unusable("ocsp", file, "holds an OCSP response that " + e.what());
                }
            }
        }
        return answers;
    }

    /** Files stand for themselves, directories for the files in them. */
    private static List<Path> expanded(String attribute, List<Path> configured) throws XtlsException {
        List<Path> files = new ArrayList<>();
        for (Path path : configured) {
            if (!Files.isDirectory(path)) {
                files.add(path);
                continue;
            }
            try (DirectoryStream<Path> inside = Files.newDirectoryStream(path)) {
                for (Path file : inside) {
                    // What is being written next to them has such a name.
                    if (!file.getFileName().toString().startsWith(".") && Files.isRegularFile(file)) {
                        files.add(file);
                    }
                    if (files.size() > MOST_FILES) {
                        throw unusable(attribute, path, "holds too many files; at most " + MOST_FILES + " are read");
                    }
                }
            } catch (IOException e) {
                throw unusable(attribute, path, "cannot be read: " + KeyFile.reason(e));
            }
        }
        files.sort(null);
        return files;
    }

    private static List<Path> stamp(Map<Path, Stamp> stamps, String attribute, List<Path> files) throws XtlsException {
        for (Path file : files) {
            try {
                BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
                stamps.put(file, new Stamp(is.lastModifiedTime(), is.size(), is.fileKey()));
            } catch (IOException e) {
                throw unusable(attribute, file, "cannot be read: " + KeyFile.reason(e));
            }
        }
        return files;
    }

    /** The DER values in a file: all of a kind in PEM, or one that is not. */
    private static List<byte[]> read(String attribute, Path file, int most, String kind) throws XtlsException {
        byte[] content;
        try {
            requireClosedToOthers(attribute, file);
            if (Files.size(file) > most) {
                throw unusable(attribute, file, "is larger than " + most + " bytes");
            }
            content = Files.readAllBytes(file);
        } catch (IOException e) {
            throw unusable(attribute, file, "cannot be read: " + KeyFile.reason(e));
        }
        if (content.length > 0 && content[0] == 0x30) {
            return List.of(content);
        }
        List<byte[]> values = new ArrayList<>();
        try (PemReader pem = new PemReader(text(content))) {
            for (PemObject part = pem.readPemObject(); part != null; part = pem.readPemObject()) {
                if (!part.getType().equals(kind)) {
                    throw unusable(attribute, file, "holds a " + part.getType() + " where a " + kind + " belongs");
                }
                values.add(part.getContent());
            }
        } catch (IOException | RuntimeException e) {
            throw unusable(attribute, file, "is neither PEM nor DER");
        }
        if (values.isEmpty()) {
            throw unusable(attribute, file, "holds no " + kind);
        }
        return values;
    }

    private static Reader text(byte[] content) {
        return new InputStreamReader(new ByteArrayInputStream(content), StandardCharsets.US_ASCII);
    }

    /** Against another local user who makes himself a CA. */
    private static void requireClosedToOthers(String attribute, Path file) throws IOException, XtlsException {
        @Nullable
        PosixFileAttributeView posix =
                Files.getFileAttributeView(file, PosixFileAttributeView.class, new LinkOption[0]);
        if (posix != null && posix.readAttributes().permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw unusable(attribute, file, "can be written to by everybody on this machine");
        }
    }

    private static XtlsException unusable(String attribute, Path file, String what) {
        return new XtlsException(new Failure(
                Code.LOCAL,
                Fault.LOCAL,
                "configuration " + CertificationAuthorities.PID + ": " + attribute + ": " + file + " " + what + ".",
                "Correct the file or the configuration."));
    }

    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {}
}
