package org.xtls.transport.smack;

import org.jivesoftware.smack.packet.IQ;
import org.jspecify.annotations.Nullable;
import org.jxmpp.stringprep.XmppStringprepException;
import org.xtls.transport.Iq;
import org.xtls.transport.StanzaError;
import org.xtls.xml.Element;

/** An IQ of Smack's whose child is an element of the api's, in either direction. */
final class PayloadIq extends IQ {
    private final @Nullable Element payload;
    private final @Nullable StanzaError refusal;

    private PayloadIq(
            @Nullable String name,
            @Nullable String namespace,
            @Nullable Element payload,
            @Nullable StanzaError refusal) {
        super(name, namespace);
        this.payload = payload;
        this.refusal = refusal;
    }

    static PayloadIq received(Element payload) {
        return new PayloadIq(payload.name(), payload.namespace(), payload, null);
    }

    /** One that broke a rule or a bound; {@code refusal} is what to answer. */
    static PayloadIq refused(String name, String namespace, StanzaError refusal) {
        return new PayloadIq(name, namespace, null, refusal);
    }

    static PayloadIq sent(Iq iq) throws XmppStringprepException {
        PayloadIq stanza;
        if (iq instanceof Iq.Request request) {
            stanza = received(request.payload());
            stanza.setType(request.set() ? Type.set : Type.get);
        } else if (iq instanceof Iq.Error error) {
            stanza = error(error.error());
        } else {
            Element payload = ((Iq.Result) iq).payload();
            stanza = payload == null ? new PayloadIq(null, null, null, null) : received(payload);
            stanza.setType(Type.result);
        }
        stanza.setTo(Addresses.jid(iq.peer()));
        stanza.setStanzaId(iq.id());
        return stanza;
    }

    /** An answer; address and id are still to be set. */
    static PayloadIq error(StanzaError error) {
        PayloadIq stanza = received(Errors.sent(error));
        stanza.setType(Type.error);
        return stanza;
    }

    static PayloadIq error(StanzaError.Condition condition, String text) {
        return error(new StanzaError(condition, text));
    }

    /** The child, or null when there is none or it was refused. */
    @Nullable
    Element payload() {
        return payload;
    }

    /** Why the child cannot be used, or null when it can. */
    @Nullable
    StanzaError refusal() {
        return refusal;
    }

    /** Smack has written {@code <name xmlns='namespace'} and will write the end tag. */
    @Override
    protected IQChildElementXmlStringBuilder getIQChildElementBuilder(IQChildElementXmlStringBuilder xml) {
        Element element = payload == null ? Element.of(getChildElementNamespace(), getChildElementName()) : payload;
        String whole = element.toXml(element.namespace());
        int start = 1 + element.name().length();
        if (element.content().isEmpty()) {
            xml.append(whole.substring(start, whole.length() - "/>".length()));
            xml.setEmptyElement();
        } else {
            xml.append(whole.substring(
                    start, whole.length() - "</>".length() - element.name().length()));
        }
        return xml;
    }
}
