package org.example.pskfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The jar as it is deployed. */
class BundleIT {
    @Test
    void it_stands_on_the_api_alone() throws Exception {
        try (JarFile jar = new JarFile(System.getProperty("example.jar"))) {
            Attributes manifest = jar.getManifest().getMainAttributes();
            assertEquals(
                    Set.of("org.xtls", "org.xtls.auth", "org.xtls.tls", "org.xtls.trust", "org.xtls.xml"),
                    imports(jar));
            assertNull(manifest.getValue("Export-Package"));
            assertNull(manifest.getValue("Require-Bundle"));
            assertTrue(manifest.getValue("Import-Package").contains("org.xtls.auth;version=\"[0.2,"));
            assertTrue(manifest.getValue("Provide-Capability").contains("org.xtls.auth;method=psk-file"));
            assertEquals("lazy", manifest.getValue("Bundle-ActivationPolicy"));
            assertNotNull(jar.getEntry("OSGI-INF/metatype/org.example.pskfile.KeyFiles$Settings.xml"), "its metatype");
        }
    }

    /** Without what the JDK has, and what may be missing. */
    static Set<String> imports(JarFile jar) throws Exception {
        String header = jar.getManifest().getMainAttributes().getValue("Import-Package");
        return Arrays.stream(header.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)"))
                .filter(clause -> !clause.startsWith("javax.") && !clause.contains("resolution:=optional"))
                .map(clause -> Pattern.compile(";").split(clause)[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
