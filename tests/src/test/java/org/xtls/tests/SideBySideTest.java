package org.xtls.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xtls.tests.Waiting.now;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.xtls.tests.Theatre.Scene;
import org.xtls.tests.container.ClassPathBundles;
import org.xtls.tests.prosody.ProsodyServer;
import org.xtls.tests.stage.Talk;

/** Two versions of the bundle of one method, side by side in one framework. */
class SideBySideTest {
    private static final String X509 = "org.xtls.auth.x509";

    @RegisterExtension
    static final Theatre THEATRE = new Theatre();

    private static ProsodyServer server;

    @BeforeAll
    static void startServer() {
        server = ProsodyServer.start(Theatre.users());
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Test
    void the_higher_version_serves_new_tunnels_and_the_old_one_finishes_its_own_and_is_released() throws Exception {
        BundleContext framework = THEATRE.romeo().container().context();
        Bundle old = THEATRE.romeo().container().bundle(X509);
        Bundle newer = null;
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Void> decided = new CompletableFuture<>();
        Runnable hisHuman = THEATRE.romeo().actor().prompt("VERIFIED", concern -> {
            asked.complete(null);
            now(decided);
        });
        Runnable herHuman = THEATRE.juliet().actor().prompt("VERIFIED");
        try (Scene scene = THEATRE.scene(server.port())) {
            scene.romeo().fingerprint(); // a key is made with the old version alone
            CompletableFuture<Talk> opening =
                    scene.romeo().opening(scene.juliet().jid());
            now(asked);
            assertTrue(isUsed(method(old)), "a negotiation of the old version is under way");

            newer = framework.installBundle("newer", new ByteArrayInputStream(jar("99.0.0")));
            newer.start();
            assertEquals("99.0.0", serving(framework));
            decided.complete(null);
            Talk first = now(opening);
            assertEquals("PEER", now(first.send("<message type='chat'><body>by the old one</body></message>")));
            assertTrue(!isUsed(method(old)), "its negotiation has ended, and something still holds it");

            THEATRE.romeo().actor().configure(X509, Map.of("of.this.story", "both"));
            for (Bundle version : new Bundle[] {old, newer}) {
                assertEquals("both", ownKeys(version).getProperty("of.this.story"), version.toString());
            }
            THEATRE.romeo().actor().unconfigure(X509);

            // The old one goes, and neither the tunnel nor whoever opens the next one notices.
            old.stop();
            assertEquals("PEER", now(first.send("<message type='chat'><body>still here</body></message>")));
            now(first.close());
            Talk second = now(scene.romeo().opening(scene.juliet().jid()));
            assertEquals("x509", second.security().method());
            now(second.close());

            newer.uninstall();
            newer = null;
            old.start();
            assertEquals(old.getVersion().toString(), serving(framework));
            now(scene.romeo().opening(scene.juliet().jid()));
        } finally {
            decided.complete(null);
            hisHuman.run();
            herHuman.run();
            if (newer != null) {
                newer.uninstall();
            }
            old.start();
        }
    }

    /** Whether an instance is out. Declarative Services takes none for itself. */
    private static boolean isUsed(ServiceReference<?> method) {
        return method.getUsingBundles() != null;
    }

    private static ServiceReference<?> method(Bundle bundle) {
        return registered(bundle, "org.xtls.auth.AuthMethod");
    }

    private static ServiceReference<?> ownKeys(Bundle bundle) {
        return registered(bundle, "org.xtls.auth.OwnKeys");
    }

    private static ServiceReference<?> registered(Bundle bundle, String type) {
        return Arrays.stream(bundle.getRegisteredServices())
                .filter(reference -> Arrays.asList((String[]) reference.getProperty("objectClass"))
                        .contains(type))
                .findFirst()
                .orElseThrow();
    }

    /** The version of the bundle whose method the tunnel service says it uses; by reflection, for its types are not ours. */
    private static String serving(BundleContext framework) throws Exception {
        ServiceReference<?> reference = all(framework, "org.xtls.runtime.XtlsRuntime")[0];
        Object service = framework.getService(reference);
        try {
            Object runtime = Class.forName(
                            "org.xtls.runtime.XtlsRuntime",
                            false,
                            service.getClass().getClassLoader())
                    .getMethod("runtime")
                    .invoke(service);
            Iterable<?> methods =
                    (Iterable<?>) runtime.getClass().getField("methods").get(runtime);
            String version = null;
            for (Object method : methods) {
                if (method.getClass().getField("name").get(method).equals("x509")) {
                    assertNull(version, "one provider serves a method");
                    version = (String) method.getClass().getField("version").get(method);
                }
            }
            return version;
        } finally {
            framework.ungetService(reference);
        }
    }

    /** The system bundle is wired to no api, and would be shown none of its services. */
    private static ServiceReference<?>[] all(BundleContext framework, String type) throws InvalidSyntaxException {
        return Objects.requireNonNull(framework.getAllServiceReferences(type, null), type);
    }

    /** The same bundle by the same name, and of another version. */
    private static byte[] jar(String version) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarFile jar = new JarFile(ClassPathBundles.jar(X509).toFile())) {
            Manifest manifest = new Manifest(jar.getManifest());
            manifest.getMainAttributes().putValue("Bundle-Version", version);
            try (JarOutputStream out = new JarOutputStream(bytes, manifest)) {
                for (JarEntry entry : jar.stream().toList()) {
                    if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
                        out.putNextEntry(new JarEntry(entry.getName()));
                        jar.getInputStream(entry).transferTo(out);
                    }
                }
            }
        }
        return bytes.toByteArray();
    }
}
