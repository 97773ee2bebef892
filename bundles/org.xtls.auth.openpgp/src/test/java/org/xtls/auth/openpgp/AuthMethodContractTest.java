package org.xtls.auth.openpgp;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.FullJid;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.AuthMethodContract;

/** What every method keeps to, kept by {@code openpgp}. */
class AuthMethodContractTest extends AuthMethodContract {
    @TempDir
    Path home;

    private Side romeo;
    private Side juliet;

    @BeforeEach
    void both_have_pinned_each_other() {
        romeo = new Side(home, ROMEO.bare().toString());
        juliet = new Side(home, JULIET.bare().toString());
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
        return OpenPgpMethod.NAME;
    }

    @Override
    protected Set<String> namespaces() {
        return Set.of("urn:xmpp:tmp:pubkey", "urn:xmpp:tmp:c2ctls", "urn:xmpp:openpgp:0", "urn:x-xtls:1");
    }

    @Override
    protected AuthMethod method(FullJid local) {
        return new OpenPgpMethod((local.bare().equals(ROMEO.bare()) ? romeo : juliet).keys);
    }
}
