package org.xtls.tests;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.ops4j.pax.exam.CoreOptions;
import org.ops4j.pax.exam.Option;
import org.xtls.tests.container.Container;
import org.xtls.tests.container.Contents;
import org.xtls.tests.driver.Driver;
import org.xtls.tests.stage.Actor;
import org.xtls.tests.stage.Event;

/** One framework with everything of ours in it, and the driver bundle that acts in it. */
final class Player implements AutoCloseable {
    private final Container container;
    private Actor actor;
    private final Map<String, BlockingQueue<Event>> events = new ConcurrentHashMap<>();

    /** Starts the framework; its state lives in {@code home}. */
    Player(Path home, Option... besides) {
        container = Container.start(Contents.all(
                Contents.groundFloor(),
                Contents.componentRuntime(),
                Contents.libraries(),
                Contents.ours(),
                besides,
                new Option[] {Contents.home(home), CoreOptions.systemPackage(Actor.class.getPackageName())}));
        container.install("driver", new ByteArrayInputStream(driver()));
        actor = actor(container.service(Actor.class));
    }

    private Actor actor(Actor appeared) {
        appeared.listen(event -> heardBy(event.local()).add(event));
        return appeared;
    }

    /** The framework. */
    Container container() {
        return container;
    }

    /** Whoever acts in the framework now: a refresh of the api takes the driver with it. */
    void findActor() {
        Actor now = container.service(Actor.class);
        if (now != actor) {
            actor = actor(now);
        }
    }

    /** What can be asked of it. */
    Actor actor() {
        return actor;
    }

    /** Logs in at a server on this machine. */
    Session enter(int port, String account, String resource) {
        return new Session(this, Waiting.now(actor.connect(account, "secret", port, resource, "disabled")));
    }

    /** What the tunnels of one own address told, in order. */
    BlockingQueue<Event> heardBy(String local) {
        return events.computeIfAbsent(local, address -> new LinkedBlockingQueue<>());
    }

    @Override
    public void close() {
        container.close();
    }

    /** The driver as a bundle; the stage's types it gets from the system bundle, the rest from the api bundle. */
    private static byte[] driver() {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", "org.xtls.tests.driver");
        headers.putValue("Bundle-Activator", Driver.class.getName());
        headers.putValue(
                "Import-Package",
                String.join(
                        ",",
                        "org.osgi.framework",
                        "org.osgi.util.tracker",
                        "org.osgi.service.cm",
                        "org.xtls",
                        "org.xtls.auth",
                        "org.xtls.password",
                        "org.xtls.runtime",
                        "org.xtls.transport",
                        "org.xtls.trust",
                        "org.xtls.xml",
                        Actor.class.getPackageName()));
        String folder = Driver.class.getPackageName().replace('.', '/');
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarOutputStream jar = new JarOutputStream(bytes, manifest);
                Stream<Path> classes = Files.list(Path.of("target", "test-classes", folder))) {
            for (Path file : classes.toList()) {
                jar.putNextEntry(new JarEntry(folder + "/" + file.getFileName()));
                Files.copy(file, jar);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
