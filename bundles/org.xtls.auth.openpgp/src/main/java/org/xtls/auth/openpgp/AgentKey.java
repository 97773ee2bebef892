package org.xtls.auth.openpgp;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;
import org.xtls.auth.openpgp.Evaluation.AuthenticationKey;
import org.xtls.embedded.threads.Worker;
import org.xtls.tls.Signer;

/** A key whose secret part stays with gpg-agent. */
final class AgentKey implements OwnKeySource {
    /** How long GnuPG's word on the certificate is good: each costs a process. */
    private static final Duration FRESH = Duration.ofMinutes(1);

    private final GnuPg gnuPg;
    private final String fingerprint;
    private final Duration patience;
    private final Worker worker;
    private final Clock clock;
    private final Semaphore turns = new Semaphore(AgentSigner.TURNS);
    private @Nullable Loaded loaded;

    /**
     * A key with an agent.
     *
     * @param fingerprint of the primary key, or empty for the only secret key there is
     * @param patience for one signature
     */
    AgentKey(GnuPg gnuPg, String fingerprint, Duration patience, Worker worker, Clock clock) {
        this.gnuPg = gnuPg;
        this.fingerprint = fingerprint;
        this.patience = patience;
        this.worker = worker;
        this.clock = clock;
    }

    @Override
    public Certificate certificate() throws XtlsException {
        Loaded before = loaded;
        Instant now = clock.instant();
        if (before != null && now.isBefore(before.at.plus(FRESH)) && !now.isBefore(before.at)) {
            return before.certificate;
        }
        try {
            String which = fingerprint.isEmpty() ? only() : fingerprint;
            Certificate certificate = Certificate.read(gnuPg.export(which), Bounds.LOCAL);
            if (!certificate.fingerprint().equals(which)) {
                throw new IOException("GnuPG exported the key " + certificate.fingerprint() + " for " + which);
            }
            loaded = new Loaded(now, certificate, gnuPg.keygrips(which), gnuPg.sockets());
            return certificate;
        } catch (IOException e) {
            throw unusable(String.valueOf(e.getMessage()));
        }
    }

    private String only() throws IOException, XtlsException {
        List<String> keys = gnuPg.secretKeys();
        if (keys.size() != 1) {
            throw unusable("GnuPG has " + keys.size() + " secret keys");
        }
        return keys.get(0);
    }

    @Override
    public CompletionStage<Signer> signer(BareJid account, AuthenticationKey key) {
        return worker.submit(() -> {
            var unused = certificate();
            Loaded now = loaded;
            String keygrip = now == null ? null : now.keygrips.get(key.fingerprint());
            if (now == null || keygrip == null) {
                throw unusable("GnuPG does not say by which name gpg-agent knows the key " + key.fingerprint());
            }
            return new AgentSigner(now.sockets.own(), now.sockets.ssh(), keygrip, key.key(), patience, turns);
        });
    }

    private static XtlsException unusable(String why) {
        return new XtlsException(new Failure(
                Code.LOCAL,
                Fault.LOCAL,
                "The own OpenPGP key cannot be had from GnuPG: " + why + ".",
                "Check 'gpg', 'gpgconf', 'gnupg.home' and 'fingerprint' in the configuration " + OpenPgpKeys.PID
                        + "."));
    }

    private record Loaded(Instant at, Certificate certificate, Map<String, String> keygrips, GnuPg.Sockets sockets) {}
}
