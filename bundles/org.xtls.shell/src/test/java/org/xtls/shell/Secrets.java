package org.xtls.shell;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Tunnel;
import org.xtls.password.HeldSecret;
import org.xtls.password.PairingCode;
import org.xtls.password.Passwords;
import org.xtls.password.TunnelVerification;
import org.xtls.trust.KnownPeer;

/** Passwords in memory: what was asked of the service, and what it is to answer. */
final class Secrets implements Passwords, TunnelVerification {
    static final Instant END = Verona.NOW.plus(Duration.ofMinutes(10));

    final List<HeldSecret> held = new ArrayList<>();
    final List<String> given = new CopyOnWriteArrayList<>();
    final List<char[]> arrays = new CopyOnWriteArrayList<>();
    final List<Tunnel> verified = new CopyOnWriteArrayList<>();
    boolean spent;
    Runnable whenVerifying = () -> {};
    CompletableFuture<KnownPeer> verdict = new CompletableFuture<>();

    @Override
    public CompletionStage<HeldSecret> set(BareJid account, BareJid peer, char[] password, Use use) {
        return keep(
                password,
                new HeldSecret(account, peer, HeldSecret.Kind.PASSWORD, use, 5, Optional.empty(), Optional.empty()));
    }

    @Override
    public CompletionStage<Boolean> remove(BareJid account, BareJid peer) {
        return CompletableFuture.completedFuture(held.removeIf(
                secret -> secret.account().equals(account) && secret.peer().equals(peer)));
    }

    @Override
    public CompletionStage<List<HeldSecret>> list() {
        return CompletableFuture.completedFuture(List.copyOf(held));
    }

    @Override
    public CompletionStage<Boolean> unlock(BareJid peer) {
        return CompletableFuture.completedFuture(spent);
    }

    @Override
    public CompletionStage<PairingCode> pair(BareJid account, BareJid peer) {
        char[] code = "314 159 265".toCharArray();
        arrays.add(code);
        held.add(code(account, peer));
        return CompletableFuture.completedFuture(new PairingCode(code, END));
    }

    @Override
    public CompletionStage<HeldSecret> enter(BareJid account, BareJid peer, char[] code) {
        if (new String(code).matches("[0-9 -]+")) {
            return keep(code, code(account, peer));
        }
        arrays.add(code);
        return CompletableFuture.failedFuture(
                Verona.failure(Failure.Code.LOCAL, "a pairing code has 6 to 24 digits and nothing else.", ""));
    }

    @Override
    public CompletionStage<KnownPeer> verify(Tunnel tunnel) {
        verified.add(tunnel);
        whenVerifying.run();
        return verdict;
    }

    private CompletionStage<HeldSecret> keep(char[] secret, HeldSecret description) {
        given.add(new String(secret));
        arrays.add(secret);
        held.add(description);
        return CompletableFuture.completedFuture(description);
    }

    private static HeldSecret code(BareJid account, BareJid peer) {
        return new HeldSecret(
                account, peer, HeldSecret.Kind.PAIRING_CODE, Use.BOTH, 3, Optional.empty(), Optional.of(END));
    }
}
