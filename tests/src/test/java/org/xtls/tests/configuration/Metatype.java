package org.xtls.tests.configuration;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;
import org.xtls.tests.container.ClassPathBundles;

/**
 * A configuration as metatype describes it.
 *
 * @param bundle whose it is
 * @param pid its PID
 * @param factory whether there can be several
 * @param description what it is for
 * @param attributes in the order of the source
 */
public record Metatype(String bundle, String pid, boolean factory, String description, List<Attribute> attributes) {
    private static final String FOLDER = "OSGI-INF/metatype/";

    /** Those of all bundles of ours, by PID. */
    public static List<Metatype> all() {
        return ClassPathBundles.all().keySet().stream()
                .filter(bundle -> bundle.startsWith("org.xtls."))
                .flatMap(bundle -> of(bundle).stream())
                .sorted(Comparator.comparing(Metatype::pid))
                .toList();
    }

    /** Those of a bundle, from its jar. */
    static List<Metatype> of(String bundle) {
        List<Metatype> found = new ArrayList<>();
        try (JarFile jar = new JarFile(ClassPathBundles.jar(bundle).toFile())) {
            for (JarEntry entry : jar.stream().toList()) {
                if (entry.getName().startsWith(FOLDER) && entry.getName().endsWith(".xml")) {
                    try (InputStream in = jar.getInputStream(entry)) {
                        found.addAll(read(bundle, in));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(bundle, e);
        }
        return found;
    }

    static List<Metatype> read(String bundle, InputStream in) {
        Element root = xml(in);
        Map<String, Element> classes = new HashMap<>();
        children(root, "OCD").forEach(ocd -> classes.put(ocd.getAttribute("id"), ocd));
        List<Metatype> found = new ArrayList<>();
        for (Element designate : children(root, "Designate")) {
            boolean factory = designate.hasAttribute("factoryPid");
            Element ocd = classes.get(children(designate, "Object").get(0).getAttribute("ocdref"));
            found.add(new Metatype(
                    bundle,
                    designate.getAttribute(factory ? "factoryPid" : "pid"),
                    factory,
                    ocd.getAttribute("description"),
                    children(ocd, "AD").stream().map(Attribute::of).toList()));
        }
        return found;
    }

    /** What is wrong with it, in words. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        if (!description.contains("A change")) {
            faults.add(
                    pid + ": it does not say what 'A change' comes to in a running container: '" + description + "'");
        }
        for (Attribute attribute : attributes) {
            attribute.faults().forEach(fault -> faults.add(pid + ", " + attribute.id() + ": " + fault));
        }
        return faults;
    }

    static Element xml(InputStream in) {
        try {
            return DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .parse(in)
                    .getDocumentElement();
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }
}
