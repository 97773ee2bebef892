package org.xtls.tests.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xtls.tests.container.ClassPathBundles;

/**
 * How components are made. Felix SCR looks at every constructor that is as long as the component's, in no order, and logs
 * at ERROR of each that it cannot hand the references: a user would read of a fault where there is none.
 */
class ConstructorsTest {
    @Test
    void no_constructor_is_taken_for_that_of_a_component_that_takes_references() throws Exception {
        int components = 0;
        List<String> mistakable = new ArrayList<>();
        for (Path jar : ours()) {
            for (Element component : components(jar)) {
                Map<Integer, String> references = references(component);
                if (references.isEmpty()) {
                    continue;
                }
                components++;
                int length = Integer.parseInt(component.getAttribute("init"));
                Class<?> type = Class.forName(
                        ((Element) component
                                        .getElementsByTagName("implementation")
                                        .item(0))
                                .getAttribute("class"),
                        false,
                        getClass().getClassLoader());
                List<Constructor<?>> asLong = Stream.of(type.getDeclaredConstructors())
                        .filter(constructor -> constructor.getParameterCount() == length)
                        .toList();
                if (asLong.size() != 1) {
                    mistakable.add(type.getName() + ": " + asLong);
                }
            }
        }
        assertTrue(components >= 5, "of " + components + " components only");
        assertEquals(List.of(), mistakable);
    }

    private static List<Path> ours() {
        return ClassPathBundles.all().entrySet().stream()
                .filter(bundle -> bundle.getKey().startsWith("org.xtls."))
                .map(Map.Entry::getValue)
                .toList();
    }

    private static List<Element> components(Path path) throws Exception {
        List<Element> components = new ArrayList<>();
        try (JarFile jar = new JarFile(path.toFile())) {
            String header = jar.getManifest().getMainAttributes().getValue("Service-Component");
            for (String name : header == null ? new String[0] : header.split("\\s*,\\s*")) {
                components.add(component(jar, jar.getJarEntry(name)));
            }
        }
        return components;
    }

    private static Element component(JarFile jar, JarEntry entry) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        try (InputStream in = jar.getInputStream(entry)) {
            return factory.newDocumentBuilder().parse(in).getDocumentElement();
        } catch (IOException e) {
            throw new AssertionError(jar.getName() + ", " + entry, e);
        }
    }

    /** Those that the constructor takes, by the number of the parameter. */
    private static Map<Integer, String> references(Element component) {
        NodeList all = component.getElementsByTagName("reference");
        Map<Integer, String> references = new TreeMap<>();
        for (int i = 0; i < all.getLength(); i++) {
            Element reference = (Element) all.item(i);
            if (reference.hasAttribute("parameter")) {
                references.put(
                        Integer.parseInt(reference.getAttribute("parameter")), reference.getAttribute("interface"));
            }
        }
        return references;
    }
}
