package org.xtls.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Properties;
import org.osgi.framework.BundleException;

/** The program behind {@code bin/xtls}. */
public final class Main {
    private Main() {}

    /**
     * Runs a container until its session ends or it is told to stop.
     *
     * @param words the command line; what is wrong with it ends the program with 2, what fails with 1
     */
    public static void main(String... words) {
        System.exit(run(words));
    }

    private static int run(String... words) {
        Options options;
        try {
            options = Options.parse(words);
        } catch (IllegalArgumentException e) {
            System.err.println("xtls: " + e.getMessage() + "\nTry: xtls --help");
            return 2;
        }
        return switch (options.task()) {
            case HELP -> {
                System.out.print(Options.HELP);
                yield 0;
            }
            case VERSION -> {
                System.out.println("xtls " + version() + " on Java " + System.getProperty("java.version"));
                yield 0;
            }
            case COMMANDS, TERMINAL -> contain(options);
        };
    }

    private static int contain(Options options) {
        Path installation = Path.of(System.getProperty("xtls.installation", "."));
        try (Home home = Home.open(options.home());
                Container container = Container.create(installation, home, options)) {
            // SIGTERM, SIGINT and SIGHUP come here.
            Thread goodbye = new Thread(container::close, "xtls-goodbye");
            Runtime.getRuntime().addShutdownHook(goodbye);
            container.start();
            return container.runSession();
        } catch (IOException | BundleException e) {
            System.err.println("xtls: " + e.getMessage());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private static String version() {
        Properties properties = new Properties();
        try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }
}
