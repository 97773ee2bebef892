package org.xtls.server.loopback.c2s;

import java.util.List;
import org.xtls.server.loopback.Element;
import org.xtls.server.loopback.Stanza;

/** What the server answers to requests for itself, and for the account of the one who asks. */
final class ServerEntity {

    static Stanza answer(Stanza request) {
        Element payload = request.element().children().get(0);
        boolean get = request.isType("get");
        boolean account = request.to().isEmpty() || request.to().orElseThrow().contains("@");
        if (get && payload.is(DISCO_INFO, "query") && payload.attribute("node").isEmpty()) {
            return request.result(info(account));
        }
        if (get && payload.is(DISCO_ITEMS, "query")) {
            return request.result(Element.of(DISCO_ITEMS, "query"));
        }
        if (get && payload.is(ROSTER, "query") && account) {
            return request.result(Element.of(ROSTER, "query"));
        }
        if (get && payload.is(PING, "ping")) {
            return request.result();
        }
        if (!get && payload.is(SESSION, "session")) {
            return request.result();
        }
        return request.error("cancel", "service-unavailable");
    }

    private static Element info(boolean account) {
        Element info = Element.of(
                DISCO_INFO,
                "query",
                Element.of(DISCO_INFO, "identity")
                        .withAttribute("category", account ? "account" : "server")
                        .withAttribute("type", account ? "registered" : "im"));
        for (String feature : FEATURES) {
            info = info.with(Element.of(DISCO_INFO, "feature").withAttribute("var", feature));
        }
        return info;
    }

    static final String SESSION = "urn:ietf:params:xml:ns:xmpp-session";
    private static final String DISCO_INFO = "http://jabber.org/protocol/disco#info";
    private static final String DISCO_ITEMS = "http://jabber.org/protocol/disco#items";
    private static final String ROSTER = "jabber:iq:roster";
    private static final String PING = "urn:xmpp:ping";
    private static final List<String> FEATURES = List.of(DISCO_INFO, DISCO_ITEMS, PING, ROSTER);

    private ServerEntity() {}
}
