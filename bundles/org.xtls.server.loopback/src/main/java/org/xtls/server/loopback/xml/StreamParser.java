package org.xtls.server.loopback.xml;

import com.fasterxml.aalto.AsyncByteArrayFeeder;
import com.fasterxml.aalto.AsyncXMLStreamReader;
import com.fasterxml.aalto.stax.InputFactoryImpl;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.namespace.QName;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import org.jspecify.annotations.Nullable;
import org.xtls.server.loopback.Element;
import org.xtls.server.loopback.Node;
import org.xtls.server.loopback.Text;

/** Bytes in, elements of a stream out. Not thread-safe, never blocks. */
public final class StreamParser {

    /** Gets what was read. */
    public interface Handler {

        /** The stream's start tag came. */
        void opened(Element header) throws StreamException;

        /** A complete child of the stream came. May call {@link #restart()}. */
        void received(Element element) throws StreamException;

        /** The stream's end tag came; nothing follows. */
        void closed();
    }

    private final Handler handler;
    private final int depthLimit;
    private final Deque<Open> open = new ArrayDeque<>();
    private AsyncXMLStreamReader<AsyncByteArrayFeeder> reader = reader();
    private int sizeLimit;
    private int pending;
    private boolean inside;
    private boolean closed;

    /**
     * A parser at the start of a stream.
     *
     * @param sizeLimit the most bytes of one child of the stream
     * @param depthLimit the most levels of one child of the stream
     */
    public StreamParser(Handler handler, int sizeLimit, int depthLimit) {
        this.handler = handler;
        this.sizeLimit = sizeLimit;
        this.depthLimit = depthLimit;
    }

    /** Reads one element, in {@code jabber:client} where it does not say otherwise. */
    public static Element parse(String xml) throws StreamException {
        List<Element> found = new ArrayList<>();
        StreamParser parser = new StreamParser(
                new Handler() {
                    @Override
                    public void opened(Element header) {}

                    @Override
                    public void received(Element element) {
                        found.add(element);
                    }

                    @Override
                    public void closed() {
                        found.clear();
                    }
                },
                Integer.MAX_VALUE,
                PARSE_DEPTH);
        byte[] bytes = (HEADER + xml).getBytes(StandardCharsets.UTF_8);
        parser.feed(bytes, bytes.length);
        if (found.size() != 1 || parser.pending > 0) {
            throw new StreamException(StreamCondition.NOT_WELL_FORMED, "not exactly one element");
        }
        return found.get(0);
    }

    /**
     * From now on other bytes are read as a new stream: the next stream header after SASL (RFC 6120, section 6.4.6).
     */
    public void restart() {
        reader = reader();
        open.clear();
        inside = false;
    }

    /** Allows one child of the stream so many bytes from now on. */
    public void sizeLimit(int limit) {
        sizeLimit = limit;
    }

    /** Takes bytes as they come. After an exception nothing more may be fed. */
    public void feed(byte[] bytes, int length) throws StreamException {
        int from = 0;
        while (from < length && !closed) {
            // Keep-alives between stanzas would otherwise add up to the size limit.
            if (pending == 0 && isSpace(bytes[from])) {
                from++;
                continue;
            }
            // No tag ends but with '>': so the size of a child is exact, and a restart leaves the bytes behind it
            // alone.
            int to = from;
            while (to < length && bytes[to++] != '>') {}
            // Stops a client from filling the memory with a stanza (or a name, or a DTD) that never ends.
            if (to - from > sizeLimit - pending) {
                throw new StreamException(StreamCondition.POLICY_VIOLATION, "more than " + sizeLimit + " bytes");
            }
            pending += to - from;
            read(bytes, from, to - from);
            from = to;
        }
    }

    private void read(byte[] bytes, int from, int length) throws StreamException {
        AsyncXMLStreamReader<AsyncByteArrayFeeder> current = reader;
        try {
            current.getInputFeeder().feedInput(bytes, from, length);
            while (current == reader && !closed) {
                int event = current.next();
                if (event == AsyncXMLStreamReader.EVENT_INCOMPLETE) {
                    return;
                }
                handle(event);
            }
        } catch (XMLStreamException e) {
            throw new StreamException(StreamCondition.NOT_WELL_FORMED, "not well-formed");
        }
    }

    private void handle(int event) throws StreamException, XMLStreamException {
        switch (event) {
            case XMLStreamConstants.START_DOCUMENT -> requireUtf8();
            case XMLStreamConstants.START_ELEMENT -> start();
            case XMLStreamConstants.END_ELEMENT -> end();
            case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE -> text();
            // RFC 6120, section 11.1: against entity expansion, external entities and what else hides there.
            default -> throw new StreamException(StreamCondition.RESTRICTED_XML, "a DTD, entity, comment or PI");
        }
    }

    private void requireUtf8() throws StreamException {
        String encoding = reader.getCharacterEncodingScheme();
        if (encoding != null && !encoding.equalsIgnoreCase("UTF-8")) {
            throw new StreamException(StreamCondition.UNSUPPORTED_ENCODING, "not UTF-8");
        }
    }

    private void start() throws StreamException {
        Open element = new Open(orEmpty(reader.getNamespaceURI()), reader.getLocalName(), attributes());
        if (!inside) {
            inside = true;
            pending = 0;
            handler.opened(element.close());
            return;
        }
        // Stops nesting that would exhaust the stack of whoever walks the tree.
        if (open.size() == depthLimit) {
            throw new StreamException(StreamCondition.POLICY_VIOLATION, "deeper than " + depthLimit);
        }
        open.push(element);
    }

    private void end() throws StreamException {
        if (open.isEmpty()) {
            closed = true;
            pending = 0;
            handler.closed();
            return;
        }
        Element element = open.pop().close();
        Open parent = open.peek();
        if (parent != null) {
            parent.content.add(element);
            return;
        }
        pending = 0;
        handler.received(element);
    }

    private void text() throws StreamException, XMLStreamException {
        String text = reader.getText();
        Open parent = open.peek();
        if (parent != null) {
            parent.content.add(new Text(text));
        } else if (!text.isBlank()) {
            throw new StreamException(StreamCondition.BAD_FORMAT, "text between stanzas");
        }
    }

    private Map<QName, String> attributes() {
        Map<QName, String> attributes = new LinkedHashMap<>();
        for (int i = 0; i < reader.getAttributeCount(); i++) {
            attributes.put(reader.getAttributeName(i), reader.getAttributeValue(i));
        }
        return attributes;
    }

    /** An element the end tag of which has not come. */
    private record Open(String namespace, String name, Map<QName, String> attributes, List<Node> content) {

        Open(String namespace, String name, Map<QName, String> attributes) {
            this(namespace, name, attributes, new ArrayList<>());
        }

        Element close() throws StreamException {
            try {
                return new Element(namespace, name, attributes, content);
            } catch (IllegalArgumentException e) {
                throw new StreamException(StreamCondition.NOT_WELL_FORMED, "a name or character not allowed");
            }
        }
    }

    private static AsyncXMLStreamReader<AsyncByteArrayFeeder> reader() {
        return new InputFactoryImpl().createAsyncForByteArray();
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** The namespace of the stream's own elements. */
    public static final String STREAMS = "http://etherx.jabber.org/streams";

    private static final int PARSE_DEPTH = 256;
    private static final String HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='" + STREAMS + "'>";
}
