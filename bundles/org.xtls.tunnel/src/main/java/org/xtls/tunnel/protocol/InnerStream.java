package org.xtls.tunnel.protocol;

import com.fasterxml.aalto.AsyncByteArrayFeeder;
import com.fasterxml.aalto.AsyncXMLInputFactory;
import com.fasterxml.aalto.AsyncXMLStreamReader;
import com.fasterxml.aalto.stax.InputFactoryImpl;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import org.xtls.Stanza;
import org.xtls.xml.Element;
import org.xtls.xml.ElementReader;
import org.xtls.xml.XmlException;
import org.xtls.xml.XmlLimits;

/**
 * Turns the plaintext of a tunnel, as it comes, into top-level elements. A stream header (XEP-0246) around them is
 * accepted and ignored.
 */
final class InnerStream {
    private static final String STREAMS = "http://etherx.jabber.org/streams";
    private static final byte[] ROOT =
            ("<tunnel xmlns='" + Stanza.NAMESPACE + "'>").getBytes(StandardCharsets.US_ASCII);

    /**
     * A parser keeps every name it has met, so that a peer that always invents new ones would fill the memory: after
     * this many bytes the next stanza meets a new parser.
     */
    private static final long PARSER_LIFE = 262_144;

    private final int stanzaBytes;
    private final ElementReader reader = new ElementReader(XmlLimits.DEFAULT);
    private Parser parser = new Parser(ROOT);
    private byte[] preamble = ROOT;
    private boolean headerSeen;
    private boolean headerOpen;
    private long unfinished;

    InnerStream(int stanzaBytes) {
        this.stanzaBytes = stanzaBytes;
    }

    /** The top-level elements that these bytes complete. Those before a violation are lost with the tunnel. */
    List<Element> feed(byte[] bytes) throws Violation {
        List<Element> complete = new ArrayList<>();
        byte[] rest = bytes;
        while (rest.length > 0) {
            rest = parse(rest, complete);
        }
        return complete;
    }

    /** Parses until the bytes are used up or the parser has had its life; what is left is returned. */
    private byte[] parse(byte[] bytes, List<Element> complete) throws Violation {
        try {
            parser.feed(bytes);
            unfinished += bytes.length;
            while (parser.next()) {
                if (!reader.inside() && !beginsElement()) {
                    betweenElements();
                    continue;
                }
                Optional<Element> element = reader.take(parser.events);
                if (element.isPresent()) {
                    int end = parser.endInChunk();
                    int rest = bytes.length - end;
                    requireWithin(unfinished - rest);
                    unfinished = rest;
                    complete.add(element.get());
                    if (parser.fed() > PARSER_LIFE) {
                        parser = new Parser(preamble);
                        unfinished = 0;
                        return Arrays.copyOfRange(bytes, end, bytes.length);
                    }
                }
            }
        } catch (XMLStreamException | RuntimeException e) {
            // Aalto reads text when it is asked for, and complains of it then, unchecked.
            throw Violation.protocol("what the peer sent inside the tunnel is not well-formed XML");
        } catch (XmlException e) {
            throw Violation.protocol("the peer sent forbidden XML inside the tunnel: " + e.getMessage());
        }
        requireWithin(unfinished);
        return new byte[0];
    }

    /** True at the start of an element that is to be read; the header of a stream is not. */
    private boolean beginsElement() throws Violation, XMLStreamException {
        if (parser.events.getEventType() != XMLStreamConstants.START_ELEMENT) {
            return false;
        }
        boolean header = STREAMS.equals(parser.events.getNamespaceURI())
                && parser.events.getLocalName().equals("stream");
        if (header) {
            open();
        }
        return !header;
    }

    /** One header, once: headers complete no stanza, and endless ones would fill the parser with their names. */
    private void open() throws Violation, XMLStreamException {
        if (headerSeen) {
            throw Violation.protocol("the peer opened a stream inside its stream, or a second one");
        }
        headerSeen = true;
        headerOpen = true;
        unfinished = parser.restOfChunk();
        preamble = (new String(ROOT, StandardCharsets.US_ASCII) + headerAgain()).getBytes(StandardCharsets.UTF_8);
        requireWithin(preamble.length);
    }

    /** The header's own prefix and declarations: what follows under the next parser may use them. */
    private String headerAgain() {
        String prefix = parser.events.getPrefix();
        StringBuilder header =
                new StringBuilder(prefix == null || prefix.isEmpty() ? "<stream" : "<" + prefix + ":stream");
        for (int i = 0; i < parser.events.getNamespaceCount(); i++) {
            String declared = parser.events.getNamespacePrefix(i);
            String uri = parser.events.getNamespaceURI(i);
            header.append(declared == null || declared.isEmpty() ? " xmlns='" : " xmlns:" + declared + "='")
                    .append(uri == null ? "" : escaped(uri))
                    .append('\'');
        }
        return header.append('>').toString();
    }

    private static String escaped(String uri) {
        return uri.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
    }

    private void betweenElements() throws Violation, XmlException, XMLStreamException {
        switch (parser.events.getEventType()) {
            case XMLStreamConstants.START_ELEMENT -> {} // the header
            case XMLStreamConstants.END_ELEMENT -> {
                if (!headerOpen) {
                    throw Violation.protocol("the peer closed an element inside the tunnel that it never opened");
                }
                headerOpen = false;
                preamble = ROOT;
            }
            case XMLStreamConstants.CHARACTERS, XMLStreamConstants.SPACE, XMLStreamConstants.CDATA -> {
                if (!parser.events.getText().isBlank()) {
                    throw Violation.protocol("the peer sent text between stanzas");
                }
                unfinished = parser.restOfChunk(); // white space keeps a stream alive and belongs to no stanza
            }
            default -> reader.take(parser.events);
        }
    }

    private void requireWithin(long bytes) throws Violation {
        if (bytes > stanzaBytes) {
            throw Violation.limit("the peer sent a stanza of more than " + stanzaBytes + " bytes");
        }
    }

    /** Aalto's parser with the positions that it does not keep itself. */
    private static final class Parser {
        final AsyncXMLStreamReader<AsyncByteArrayFeeder> events;
        private long fedBeforeChunk;
        private int chunk;

        Parser(byte[] preamble) {
            AsyncXMLInputFactory factory = new InputFactoryImpl();
            factory.setProperty(AsyncXMLInputFactory.SUPPORT_DTD, false);
            factory.setProperty(AsyncXMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
            events = factory.createAsyncForByteArray();
            try {
                feed(preamble);
                while (next()) {
                    // The preamble's own events are of no interest.
                }
            } catch (XMLStreamException e) {
                throw new IllegalStateException("the preamble is well formed", e);
            }
        }

        void feed(byte[] bytes) throws XMLStreamException {
            fedBeforeChunk += chunk;
            chunk = bytes.length;
            events.getInputFeeder().feedInput(bytes, 0, bytes.length);
        }

        boolean next() throws XMLStreamException {
            return events.next() != AsyncXMLStreamReader.EVENT_INCOMPLETE;
        }

        long fed() {
            return fedBeforeChunk + chunk;
        }

        /** How many of the bytes fed last come after the current event. */
        int restOfChunk() throws XMLStreamException {
            return chunk - endInChunk();
        }

        /** Where the current event ends in the bytes fed last. */
        int endInChunk() throws XMLStreamException {
            return (int) (events.getLocationInfo().getEndingByteOffset() - fedBeforeChunk);
        }
    }
}
