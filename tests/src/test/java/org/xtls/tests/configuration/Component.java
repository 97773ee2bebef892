package org.xtls.tests.configuration;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import org.w3c.dom.Element;
import org.xtls.tests.container.ClassPathBundles;

/**
 * A component of Declarative Services, as its descriptor says it.
 *
 * @param name its name
 * @param policy {@code optional}, {@code require} or {@code ignore}
 * @param pids the configurations that it asks for by name; none where it has left that to its own name
 * @param properties what it is given where nothing is configured; several values one a line
 */
record Component(String name, String policy, List<String> pids, Map<String, String> properties) {
    /** Those of a bundle, from its jar. */
    static List<Component> of(String bundle) {
        List<Component> found = new ArrayList<>();
        try (JarFile jar = new JarFile(ClassPathBundles.jar(bundle).toFile())) {
            String header = jar.getManifest().getMainAttributes().getValue("Service-Component");
            if (header == null) {
                return found;
            }
            for (String descriptor : header.split(",")) {
                try (InputStream in = jar.getInputStream(jar.getEntry(descriptor.strip()))) {
                    found.add(read(in));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(bundle, e);
        }
        return found;
    }

    static Component read(InputStream in) {
        Element root = Metatype.xml(in);
        String name = root.getAttribute("name");
        Map<String, String> properties = new HashMap<>();
        for (Element property : Metatype.children(root, "property")) {
            properties.put(
                    property.getAttribute("name"),
                    property.hasAttribute("value")
                            ? property.getAttribute("value")
                            : property.getTextContent().strip());
        }
        return new Component(
                name,
                root.hasAttribute("configuration-policy") ? root.getAttribute("configuration-policy") : "optional",
                Arrays.stream(root.getAttribute("configuration-pid").split("\\s+"))
                        .filter(pid -> !pid.isEmpty())
                        .map(pid -> pid.equals("$") ? name : pid)
                        .toList(),
                properties);
    }

    /** The configurations that are meant to be made for it. */
    List<String> configuredBy() {
        if (policy.equals("ignore")) {
            return List.of();
        }
        return pids.isEmpty() && policy.equals("require") ? List.of(name) : pids;
    }
}
