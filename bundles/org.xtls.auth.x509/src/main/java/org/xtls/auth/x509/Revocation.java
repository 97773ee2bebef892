package org.xtls.auth.x509;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.Alert;
import org.xtls.tls.OcspResponse;

/**
 * Whether certificates have been revoked, by CRLs and OCSP responses that are at hand. The JDK's own checker is not
 * used: for want of a CRL or a response it goes to the URL that the peer wrote into its certificate, and so tells the
 * peer, and whomever it names, who is asking and from where.
 *
 * @param mode what the answer means
 * @param lists CRLs by issuer
 * @param answers OCSP responses from files
 */
record Revocation(Mode mode, Map<X500Principal, List<RevocationList>> lists, List<OcspAnswer> answers) {
    /** Between the clocks of a CA and this machine. */
    static final Duration SKEW = Duration.ofMinutes(5);

    /** What an answer means. */
    enum Mode {
        OFF,
        /** Revoked is refused, unknown is taken. */
        SOFT,
        /** All but good is refused. */
        HARD
    }

    /**
     * What is said of a certificate.
     *
     * @param kind what
     * @param text for people: by whom, or why nothing is
     */
    record Word(Kind kind, String text) {
        enum Kind {
            /** Nothing about this certificate. */
            SILENT,
            /** Something about it, which does not count. */
            VOID,
            GOOD,
            REVOKED
        }
    }

    static Revocation of(Mode mode, List<RevocationList> lists, List<OcspAnswer> answers) {
        Map<X500Principal, List<RevocationList>> byIssuer = new HashMap<>();
        for (RevocationList list : lists) {
            byIssuer.computeIfAbsent(list.issuer(), issuer -> new ArrayList<>()).add(list);
        }
        return new Revocation(mode, byIssuer, List.copyOf(answers));
    }

    /**
     * Checks a valid path.
     *
     * @param path the end entity's certificate first, the trusted CA's last
     * @param handed the OCSP response that came with the first, or null
     * @return what was found of the first, one phrase for people
     */
    String check(List<X509Certificate> path, @Nullable OcspResponse handed, Instant now) throws CertificateRefusal {
        if (mode == Mode.OFF) {
            return "revocation not looked at";
        }
        for (int i = path.size() - 2; i > 0; i--) {
            try {
                requireGood(word(path.get(i), issuers(path, i), null, now));
            } catch (CertificateRefusal e) {
                throw e.of("the certificate of the CA " + Authority.name(path.get(i)));
            }
        }
        Word word = word(path.get(0), issuers(path, 0), handed, now);
        requireGood(word);
        return word.kind == Word.Kind.GOOD ? "not revoked by " + word.text : "revocation not known";
    }

    private void requireGood(Word word) throws CertificateRefusal {
        if (word.kind == Word.Kind.REVOKED) {
            throw new CertificateRefusal(
                    Alert.CERTIFICATE_REVOKED,
                    "has been revoked: " + word.text,
                    "The peer needs another certificate; ask it, not through this server, what has happened.");
        }
        if (word.kind != Word.Kind.GOOD && mode == Mode.HARD) {
            throw new CertificateRefusal(
                    Alert.CERTIFICATE_UNKNOWN,
                    "is not known to be good: " + word.text,
                    "Provide a current CRL or OCSP response, or set revocation to soft in "
                            + CertificationAuthorities.PID + ".");
        }
    }

    private Word word(
            X509Certificate certificate, List<X509Certificate> issuers, @Nullable OcspResponse handed, Instant now)
            throws CertificateRefusal {
        List<Word> words = new ArrayList<>();
        for (RevocationList list : lists.getOrDefault(certificate.getIssuerX500Principal(), List.of())) {
            words.add(list.on(certificate, issuers, now));
        }
        for (OcspAnswer answer : answers) {
            words.add(answer.on(certificate, issuers.get(0), now));
        }
        if (handed != null) {
            words.add(handed(handed, certificate, issuers.get(0), now));
        }
        Word strongest = new Word(Word.Kind.SILENT, "no CRL and no OCSP response says anything of it");
        for (Word word : words) {
            if (word.kind.compareTo(strongest.kind) > 0) {
                strongest = word;
            }
        }
        return strongest;
    }

    /** A response that comes in a handshake has to be a good one, or the handshake ends (RFC 6066 §8). */
    private static Word handed(OcspResponse handed, X509Certificate certificate, X509Certificate issuer, Instant now)
            throws CertificateRefusal {
        Word word;
        try {
            word = OcspAnswer.read(handed.der()).on(certificate, issuer, now);
        } catch (CertificateRefusal e) {
            word = new Word(Word.Kind.VOID, "the OCSP response " + e.what());
        }
        if (word.kind == Word.Kind.SILENT || word.kind == Word.Kind.VOID) {
            String why = word.kind == Word.Kind.SILENT ? "it is about another certificate" : word.text;
            throw CertificateRefusal.malformed("came with an OCSP response that does not count: " + why);
        }
        return word;
    }

    /** Who may speak of a certificate: its issuer, and the same CA under another key, further up the path. */
    private static List<X509Certificate> issuers(List<X509Certificate> path, int of) {
        List<X509Certificate> issuers = new ArrayList<>();
        issuers.add(path.get(of + 1));
        for (X509Certificate above : path.subList(of + 2, path.size())) {
            if (above.getSubjectX500Principal().equals(path.get(of).getIssuerX500Principal())) {
                issuers.add(above);
            }
        }
        return issuers;
    }

    static LocalDate day(Date date) {
        return LocalDate.ofInstant(date.toInstant(), ZoneOffset.UTC);
    }
}
