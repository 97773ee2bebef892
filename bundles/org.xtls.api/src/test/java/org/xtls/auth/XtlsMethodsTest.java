package org.xtls.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import aQute.bnd.osgi.Builder;
import aQute.bnd.osgi.BundleId;
import aQute.bnd.osgi.Jar;
import aQute.bnd.repository.fileset.FileSetRepository;
import biz.aQute.resolve.Bndrun;
import biz.aQute.resolve.RunResolution;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.service.resolver.ResolutionException;

/** {@link ProvideXtlsMethod} and {@link RequireXtlsMethod} as bnd writes them and as its resolver reads them. */
class XtlsMethodsTest {
    @ProvideXtlsMethod("balcony")
    static final class Balcony {}

    @ProvideXtlsMethod("orchard")
    static final class Orchard {}

    @RequireXtlsMethod("balcony")
    static final class Juliet {}

    @TempDir
    private Path folder;

    private final List<File> jars = new ArrayList<>();

    @BeforeEach
    void bundles() throws Exception {
        bundle("balcony", Balcony.class, "");
        bundle("orchard", Orchard.class, "");
        bundle("juliet", Juliet.class, "");
    }

    @Test
    void an_application_gets_the_method_that_its_bundle_requires_and_no_other() throws Exception {
        assertEquals(Set.of("juliet", "balcony"), resolve("juliet", "active"));
    }

    @Test
    void an_application_without_that_method_is_none() {
        jars.removeIf(jar -> jar.getName().equals("balcony.jar"));
        ResolutionException e = assertThrows(ResolutionException.class, () -> resolve("juliet", "active"));
        assertTrue(e.getUnresolvedRequirements().toString().contains("(method=balcony)"), e.toString());
    }

    @Test
    void a_framework_does_not_hold_the_bundle_to_it_for_methods_come_and_go() throws Exception {
        assertEquals(Set.of("juliet"), resolve("juliet", "resolve"));
    }

    @Test
    void who_wants_it_wired_by_the_framework_writes_a_requirement_of_his_own() throws Exception {
        bundle("nurse", Nurse.class, "org.xtls.auth;filter:='(method=orchard)'");
        assertEquals(Set.of("nurse", "orchard"), resolve("nurse", "resolve"));
    }

    static final class Nurse {}

    private void bundle(String name, Class<?> content, String requirement) throws Exception {
        try (Builder builder = new Builder()) {
            builder.setBundleSymbolicName(name);
            builder.setProperty("-noextraheaders", "true");
            builder.setProperty("-noee", "true");
            if (!requirement.isEmpty()) {
                builder.setProperty("Require-Capability", requirement);
            }
            builder.addClasspath(classes(content));
            builder.addClasspath(classes(AuthMethod.class));
            builder.setIncludeResource(content.getName().replace('.', '/') + ".class="
                    + classes(content).toPath().resolve(content.getName().replace('.', '/') + ".class"));
            builder.setImportPackage("!*");
            Jar jar = builder.build();
            assertEquals(List.of(), builder.getErrors());
            File file = folder.resolve(name + ".jar").toFile();
            jar.write(file);
            jars.add(file);
        }
    }

    private static File classes(Class<?> of) throws URISyntaxException {
        return new File(of.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** The symbolic names of the bundles that run when {@code wanted} is to. */
    private Set<String> resolve(String wanted, String effective) throws Exception {
        Path bndrun = Files.writeString(folder.resolve("test.bndrun"), """
                -standalone:
                -runfw: org.apache.felix.framework
                -runee: JavaSE-17
                -resolve.effective: %s
                -runrequires: bnd.identity;id=%s
                """.formatted(effective, wanted));
        try (Bndrun run = Bndrun.createBndrun(null, bndrun.toFile())) {
            run.getWorkspace().addBasicPlugin(new FileSetRepository("test", jars));
            RunResolution resolution = run.resolve();
            if (resolution.exception != null) {
                throw resolution.exception;
            }
            return resolution.getResolvedRunBundles().stream()
                    .map(BundleId::getBsn)
                    .collect(Collectors.toSet());
        }
    }
}
