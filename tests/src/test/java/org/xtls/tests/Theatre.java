package org.xtls.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.ops4j.pax.exam.Option;
import org.xtls.tests.container.Contents;

/**
 * Two frameworks side by side for the stories of one class, Romeo's and Juliet's. They share nothing but this JVM.
 *
 * <p>Each story plays with accounts of its own, so that what one learns to trust is unknown to the next.
 */
final class Theatre implements BeforeAllCallback, AfterAllCallback {
    private static final int ACCOUNTS = 60;

    private final AtomicInteger next = new AtomicInteger();
    private final Option[] besides;
    private Path homes;
    private Player romeo;
    private Player juliet;

    /** With what makes a tunnel in each framework, and something besides. */
    Theatre(Option[]... besides) {
        this.besides = Contents.all(besides);
    }

    /** The users that a server needs, each written {@code local@domain=password}. */
    static String[] users() {
        return IntStream.range(0, ACCOUNTS)
                .boxed()
                .flatMap(n -> Stream.of("romeo" + n + "@montague.net=secret", "juliet" + n + "@capulet.com=secret"))
                .toArray(String[]::new);
    }

    /** Both log in, with accounts that nobody has used. */
    Scene scene(int port) {
        return scene(port, port);
    }

    /** Both log in, each by a way of its own. */
    Scene scene(int romeosPort, int julietsPort) {
        int n = next.getAndIncrement();
        if (n >= ACCOUNTS) {
            throw new IllegalStateException("all " + ACCOUNTS + " accounts are used; raise ACCOUNTS");
        }
        return new Scene(
                romeo.enter(romeosPort, "romeo" + n + "@montague.net", "orchard"),
                juliet.enter(julietsPort, "juliet" + n + "@capulet.com", "balcony"));
    }

    /** Romeo's framework. */
    Player romeo() {
        return romeo;
    }

    /** Juliet's framework. */
    Player juliet() {
        return juliet;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        homes = Files.createTempDirectory("homes");
        CompletableFuture<Player> hers =
                CompletableFuture.supplyAsync(() -> new Player(homes.resolve("juliet"), besides));
        romeo = new Player(homes.resolve("romeo"), besides);
        juliet = hers.join();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        for (Player player : List.of(romeo, juliet)) {
            player.close();
        }
        try (Stream<Path> files = Files.walk(homes)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Romeo and Juliet, logged in; both log off at its end. */
    record Scene(Session romeo, Session juliet) implements AutoCloseable {
        /** Both pin each other's certificate. */
        Scene trusting() {
            romeo.pins(juliet);
            juliet.pins(romeo);
            return this;
        }

        @Override
        public void close() {
            romeo.close();
            juliet.close();
        }
    }
}
