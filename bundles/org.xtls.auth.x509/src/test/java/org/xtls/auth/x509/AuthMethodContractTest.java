package org.xtls.auth.x509;

import static org.xtls.auth.x509.Stages.await;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.FullJid;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.AuthMethodContract;
import org.xtls.trust.KeyState;
import org.xtls.trust.file.FileTrustStore;

/** What every method keeps to, kept by {@code x509}. */
class AuthMethodContractTest extends AuthMethodContract {
    @TempDir
    Path home;

    private Side romeo;
    private Side juliet;

    @BeforeEach
    void both_have_pinned_each_other() throws Exception {
        romeo = new Side(ROMEO, home.resolve("romeo"));
        juliet = new Side(JULIET, home.resolve("juliet"));
        romeo.pins(juliet);
        juliet.pins(romeo);
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
    }

    @Override
    protected String name() {
        return X509Method.NAME;
    }

    @Override
    protected Set<String> namespaces() {
        return Set.of("urn:xmpp:tmp:pubkey", "urn:xmpp:tmp:c2ctls");
    }

    @Override
    protected AuthMethod method(FullJid local) {
        Side side = local.bare().equals(ROMEO.bare()) ? romeo : juliet;
        return new X509Method(side.identities, side.trust);
    }

    private static final class Side implements AutoCloseable {
        private final FullJid jid;
        private final Identities identities;
        private final FileTrustStore trust;

        Side(FullJid jid, Path home) throws Exception {
            this.jid = jid;
            this.identities = new Identities(home.resolve("identity"));
            this.trust = new FileTrustStore(home.resolve("trust"));
        }

        void pins(Side other) {
            await(trust.put(
                    other.jid.bare(),
                    await(other.identities.keys(other.jid.bare())).get(0),
                    KeyState.VERIFIED,
                    "in person"));
        }

        @Override
        public void close() {
            identities.close();
            trust.close();
        }
    }
}
