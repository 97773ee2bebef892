package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.tls.OcspResponse;

/**
 * Certificates with their CA's word from a file. A word that would not help is left out: peers that insist on one refuse
 * either way, the others do not.
 */
final class Stapled implements IdentitySource {
    private static final Logger LOG = LoggerFactory.getLogger(Stapled.class);

    private final IdentitySource source;
    private final PathPattern pattern;
    private final Clock clock;
    private final Map<Path, Loaded> loaded = new HashMap<>();

    Stapled(IdentitySource source, PathPattern pattern, Clock clock) {
        this.source = source;
        this.pattern = pattern;
        this.clock = clock;
    }

    @Override
    public List<Identity> identities(BareJid account) throws XtlsException, SecretWanted {
        List<Identity> identities = new ArrayList<>(source.identities(account));
        Identity current = identities.get(0);
        identities.set(0, current.stapled(response(pattern.of(account), current)));
        return identities;
    }

    @Override
    public List<Identity> held(BareJid account) throws XtlsException, SecretWanted {
        return source.held(account);
    }

    @Override
    public void answer(String of, char[] secret) {
        source.answer(of, secret);
    }

    @Override
    public void close() {
        source.close();
    }

    private @Nullable OcspResponse response(Path file, Identity identity) {
        Loaded before = loaded.get(file);
        Loaded now;
        try {
            BasicFileAttributes version = Files.readAttributes(file, BasicFileAttributes.class);
            if (before != null
                    && before.same(version.lastModifiedTime(), version.size(), identity)
                    && !before.outdated(clock.instant())) {
                return before.response;
            }
            now = read(file, version, identity);
        } catch (IOException e) {
            now = Loaded.none(FileTime.fromMillis(0), 0, identity, "cannot be read: " + KeyFile.reason(e));
        }
        if (!now.problem.isEmpty() && (before == null || !before.problem.equals(now.problem))) {
            LOG.warn("the OCSP response {} for {} is left out: it {}", file, identity, now.problem);
        }
        loaded.put(file, now);
        return now.response;
    }

    private Loaded read(Path file, BasicFileAttributes version, Identity identity) throws IOException {
        FileTime modified = version.lastModifiedTime();
        long size = version.size();
        if (size == 0 || size > OcspResponse.MAX_BYTES) {
            return Loaded.none(modified, size, identity, "has " + size + " bytes, not 1 to " + OcspResponse.MAX_BYTES);
        }
        byte[] der = Files.readAllBytes(file);
        try {
            OCSPResp response = new OCSPResp(der);
            if (response.getStatus() != OCSPResp.SUCCESSFUL
                    || !(response.getResponseObject() instanceof BasicOCSPResp basic)) {
                return Loaded.none(modified, size, identity, "holds no answer of a responder");
            }
            for (SingleResp single : basic.getResponses()) {
                if (single.getCertID()
                        .getSerialNumber()
                        .equals(identity.certificate().getSerialNumber())) {
                    Instant until = single.getNextUpdate() == null
                            ? Instant.MAX
                            : single.getNextUpdate().toInstant();
                    if (clock.instant().isAfter(until)) {
                        return Loaded.none(modified, size, identity, "has been outdated since " + until);
                    }
                    return new Loaded(modified, size, identity.sha256(), new OcspResponse(der), until, "");
                }
            }
            return Loaded.none(modified, size, identity, "is about another certificate");
        } catch (OCSPException | IOException | RuntimeException e) {
            return Loaded.none(modified, size, identity, "is no OCSP response in DER");
        }
    }

    private record Loaded(
            FileTime modified,
            long size,
            String certificate,
            @Nullable OcspResponse response,
            Instant until,
            String problem) {
        static Loaded none(FileTime modified, long size, Identity identity, String problem) {
            return new Loaded(modified, size, identity.sha256(), null, Instant.MAX, problem);
        }

        boolean same(FileTime otherModified, long otherSize, Identity identity) {
            return modified.equals(otherModified) && size == otherSize && certificate.equals(identity.sha256());
        }

        boolean outdated(Instant now) {
            return now.isAfter(until);
        }
    }
}
