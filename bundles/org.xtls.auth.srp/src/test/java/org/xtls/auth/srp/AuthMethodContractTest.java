package org.xtls.auth.srp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.FullJid;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.AuthMethodContract;

/** What every method keeps to, kept by {@code srp-psk}. */
class AuthMethodContractTest extends AuthMethodContract {
    private static final String PASSWORD = "wherefore art thou";

    @TempDir
    Path home;

    private Side romeo;
    private Side juliet;

    @BeforeEach
    void both_have_the_password() {
        romeo = new Side(ROMEO, home.resolve("romeo"));
        juliet = new Side(JULIET, home.resolve("juliet"));
        romeo.shares(PASSWORD, JULIET);
        juliet.shares(PASSWORD, ROMEO);
    }

    @AfterEach
    void close() {
        romeo.close();
        juliet.close();
    }

    @Override
    protected String name() {
        return SrpMethod.NAME;
    }

    @Override
    protected Set<String> namespaces() {
        return Set.of(Values.NAMESPACE);
    }

    @Override
    protected AuthMethod method(FullJid local) {
        return (local.bare().equals(ROMEO.bare()) ? romeo : juliet).method();
    }

    @Override
    protected void release(AuthMethod method) {
        ((SrpMethod) method).close();
    }

    @Override
    protected List<byte[]> secrets() {
        return List.of(PASSWORD.getBytes(UTF_8));
    }
}
