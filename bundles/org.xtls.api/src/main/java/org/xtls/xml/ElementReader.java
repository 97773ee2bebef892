package org.xtls.xml;

import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.namespace.QName;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Builds elements from a pull parser's events and refuses what RFC 6120 §11.1 forbids. It reads nothing by itself, so
 * it serves a parser of whole texts and one that is fed in pieces alike.
 *
 * <p>The parser must be aware of namespaces and must refuse what is not well formed. It must neither load nor expand
 * anything of a document type by itself, for it has done so before the event is seen here. How long a single name, value
 * or text may get before its event comes is for the parser, or whoever feeds it, to bound.
 *
 * <p>After an {@link XmlException} neither the reader nor its parser is of use any more. Not safe for use by several
 * threads.
 */
public final class ElementReader {
    private static final int MAX_COMPLAINT = 200;

    private final XmlLimits limits;
    private final Deque<Open> open = new ArrayDeque<>();
    private int nodes;

    /**
     * A reader at the place before an element.
     *
     * @param limits bounds on each element read
     */
    public ElementReader(XmlLimits limits) {
        this.limits = limits;
    }

    /**
     * Reads one element from text. Nothing outside the text is ever loaded.
     *
     * @param xml the text, one root element; an XML declaration in front and white space around it are taken
     * @param limits bounds
     * @return the element
     * @throws XmlException when it is not well formed, breaks a rule or a bound
     */
    public static Element read(String xml, XmlLimits limits) throws XmlException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        // From JDK 24 on these bounds on what entities expand to count plain documents too, and cut them at 100,000
        // characters. Here no entity is ever expanded: the first event of a document type ends it all.
        factory.setProperty("jdk.xml.maxGeneralEntitySizeLimit", "0");
        factory.setProperty("jdk.xml.totalEntitySizeLimit", "0");
        try {
            XMLStreamReader parser = factory.createXMLStreamReader(new StringReader(xml));
            ElementReader reader = new ElementReader(limits);
            Optional<Element> root = Optional.empty();
            while (parser.hasNext()) {
                parser.next();
                Optional<Element> read = reader.take(parser);
                root = read.isPresent() ? read : root;
            }
            return root.orElseThrow(() -> new XmlException("there is no element"));
        } catch (XMLStreamException e) {
            throw new XmlException("the XML is not well formed: " + complaint(e), e);
        }
    }

    /**
     * Whether an element has begun and not ended.
     *
     * @return true between its start and its end
     */
    public boolean inside() {
        return !open.isEmpty();
    }

    /**
     * Takes the parser's current event. Text between elements is left out here; whoever minds it looks first.
     *
     * @param parser a namespace-aware parser that has just moved to an event
     * @return the outermost element, when this event ended it
     * @throws XmlException when the event breaks a rule or a bound, or carries what XML cannot
     */
    public Optional<Element> take(XMLStreamReader parser) throws XmlException {
        switch (parser.getEventType()) {
            case XMLStreamConstants.START_ELEMENT -> begin(parser);
            case XMLStreamConstants.END_ELEMENT -> {
                return end();
            }
            case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE ->
                text(parser.getText());
            case XMLStreamConstants.START_DOCUMENT, XMLStreamConstants.END_DOCUMENT -> {}
            case XMLStreamConstants.DTD -> throw new XmlException("a document type declaration is not allowed");
            case XMLStreamConstants.ENTITY_REFERENCE ->
                throw new XmlException("an entity other than the predefined five is not allowed");
            case XMLStreamConstants.PROCESSING_INSTRUCTION ->
                throw new XmlException("a processing instruction is not allowed");
            case XMLStreamConstants.COMMENT -> throw new XmlException("a comment is not allowed");
            default -> throw new XmlException("an XML construct is not allowed (" + parser.getEventType() + ")");
        }
        return Optional.empty();
    }

    private void begin(XMLStreamReader parser) throws XmlException {
        if (open.isEmpty()) {
            nodes = 0;
        }
        count();
        if (open.size() >= limits.depth()) {
            throw new XmlException("elements are nested deeper than " + limits.depth());
        }
        if (parser.getAttributeCount() + parser.getNamespaceCount() > limits.attributes()) {
            throw new XmlException("an element has more than " + limits.attributes() + " attributes");
        }
        Open parent = open.peek();
        if (parent != null) {
            flush(parent);
        }
        Map<QName, String> attributes = new LinkedHashMap<>();
        for (int i = 0; i < parser.getAttributeCount(); i++) {
            attributes.put(unprefixed(parser.getAttributeName(i)), parser.getAttributeValue(i));
        }
        open.push(new Open(unprefixed(parser.getName()), attributes, new ArrayList<>(), new StringBuilder()));
    }

    private Optional<Element> end() throws XmlException {
        if (open.isEmpty()) {
            throw new XmlException("an element ends that never began");
        }
        Open ended = open.pop();
        flush(ended);
        Element element;
        try {
            element = new Element(ended.name, ended.attributes, ended.content);
        } catch (IllegalArgumentException e) {
            throw new XmlException("the XML is not well formed: " + e.getMessage(), e);
        }
        Open parent = open.peek();
        if (parent == null) {
            return Optional.of(element);
        }
        parent.content.add(element);
        return Optional.empty();
    }

    private void text(String text) throws XmlException {
        Open parent = open.peek();
        if (parent != null && !text.isEmpty()) {
            if (parent.text.isEmpty()) {
                count();
            }
            parent.text.append(text);
        }
    }

    /** Text is gathered before it becomes a node: a parser may hand out one text in many pieces. */
    private static void flush(Open element) throws XmlException {
        if (!element.text.isEmpty()) {
            try {
                element.content.add(new Text(element.text.toString()));
            } catch (IllegalArgumentException e) {
                throw new XmlException("the XML is not well formed: " + e.getMessage(), e);
            }
            element.text.setLength(0);
        }
    }

    private void count() throws XmlException {
        nodes++;
        if (nodes > limits.nodes()) {
            throw new XmlException("an element holds more than " + limits.nodes() + " nodes");
        }
    }

    private static QName unprefixed(QName name) {
        return new QName(name.getNamespaceURI(), name.getLocalPart());
    }

    /** The JDK's parser says where in a first line and what in a last one, which may quote the text. */
    private static String complaint(XMLStreamException e) {
        String message = String.valueOf(e.getMessage());
        String what = message.lines().reduce((first, last) -> last).orElse(message);
        return what.length() > MAX_COMPLAINT ? what.substring(0, MAX_COMPLAINT) + "…" : what;
    }

    private record Open(QName name, Map<QName, String> attributes, List<Node> content, StringBuilder text) {}
}
