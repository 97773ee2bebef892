package org.xtls.tunnel.keys;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.xtls.Stanza;
import org.xtls.auth.KeyTransfer.HandedKey;
import org.xtls.xml.Element;
import org.xtls.xml.Node;
import org.xtls.xml.Text;

/** The stanzas by which keys are asked for and handed over (XEP-0189 0.8 §6), as they are written and read. */
final class Pubkeys {
    /** The most keys in one answer: each costs a signature to check and a place in the trust store. */
    static final int MOST_KEYS = 16;

    /** The longest proof; an RSA key of 8192 bits makes one of this length. */
    static final int MOST_PROOF_BYTES = 1_024;

    private static final String NAMESPACE = "urn:xmpp:tmp:pubkey";
    private static final String OURS = "urn:x-xtls:1";
    private static final String ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";

    private Pubkeys() {}

    /**
     * A key as the peer handed it.
     *
     * @param keyinfo without the proof
     * @param proof the signature, if there was one
     */
    @SuppressWarnings("ArrayRecordComponent") // made once, read once
    record Received(Element keyinfo, Optional<byte[]> proof) {}

    static Stanza request(String id) {
        return iq("get", id, Element.of(NAMESPACE, "pubkeys"));
    }

    static Stanza answer(String id, List<HandedKey> keys) {
        List<Element> proved = keys.stream()
                .map(key -> key.keyinfo()
                        .with(Element.of(OURS, "proof")
                                .withText(Base64.getEncoder().encodeToString(key.signature()))))
                .toList();
        return iq("result", id, Element.of(NAMESPACE, "pubkeys").with(proved));
    }

    static Stanza refusal(String id, String type, String condition) {
        return iq(
                "error",
                id,
                Element.of(Stanza.NAMESPACE, "error").with("type", type).with(Element.of(ERRORS, condition)));
    }

    static boolean isRequest(Stanza stanza) {
        return isIq(stanza, "get")
                && stanza.element().child(NAMESPACE, "pubkeys").isPresent();
    }

    /** Whether a request asks for this side's keys, all of them. Nobody's else are handed out here. */
    static boolean isSound(Stanza request) {
        return contentOf(request)
                .filter(pubkeys -> pubkeys.attributes().isEmpty())
                .filter(pubkeys -> pubkeys.content().stream().allMatch(Pubkeys::isBlank))
                .isPresent();
    }

    static boolean isAnswer(Stanza stanza) {
        return isIq(stanza, "result") || isIq(stanza, "error");
    }

    static boolean isError(Stanza stanza) {
        return isIq(stanza, "error");
    }

    static String id(Stanza iq) {
        return iq.element().attribute("id").orElseThrow();
    }

    /**
     * The keys in an answer.
     *
     * @throws IllegalArgumentException when it breaks a rule; the message says which
     */
    static List<Received> keysIn(Stanza answer) {
        Element pubkeys = contentOf(answer)
                .orElseThrow(() -> new IllegalArgumentException("the answer holds something else than keys"));
        if (!pubkeys.attributes().isEmpty()) {
            throw new IllegalArgumentException("they are said to be somebody else's");
        }
        List<Element> keyinfos = onlyElements(pubkeys);
        if (keyinfos.size() > MOST_KEYS) {
            throw new IllegalArgumentException(
                    "there are " + keyinfos.size() + " keys, and " + MOST_KEYS + " are taken at most");
        }
        return keyinfos.stream().map(Pubkeys::key).toList();
    }

    private static Received key(Element keyinfo) {
        if (!keyinfo.is(NAMESPACE, "keyinfo")) {
            throw new IllegalArgumentException("there is something among them that is no keyinfo");
        }
        List<Node> content = new ArrayList<>(keyinfo.content());
        content.removeIf(Pubkeys::isBlank);
        List<Element> proofs =
                keyinfo.children().filter(child -> child.is(OURS, "proof")).toList();
        if (proofs.isEmpty()) {
            return new Received(keyinfo, Optional.empty());
        }
        if (proofs.size() > 1 || content.get(content.size() - 1) != proofs.get(0)) {
            throw new IllegalArgumentException("a key has one proof, and nothing behind it");
        }
        content.remove(content.size() - 1);
        Element bare = Element.of(NAMESPACE, "keyinfo")
                .withAttributes(keyinfo.attributes())
                .with(content);
        return new Received(bare, Optional.of(signature(proofs.get(0))));
    }

    private static byte[] signature(Element proof) {
        String text = proof.text().strip();
        if (!proof.attributes().isEmpty()
                || proof.children().findAny().isPresent()
                || text.length() > (MOST_PROOF_BYTES + 2) / 3 * 4) {
            throw new IllegalArgumentException("a proof is Base64 of at most " + MOST_PROOF_BYTES + " bytes");
        }
        byte[] signature = Base64.getDecoder().decode(text);
        // One proof has one form, its padding and unused bits included.
        if (signature.length == 0
                || !Base64.getEncoder().encodeToString(signature).equals(text)) {
            throw new IllegalArgumentException("a proof is Base64 with its padding");
        }
        return signature;
    }

    private static Optional<Element> contentOf(Stanza iq) {
        List<Element> children = iq.element().children().toList();
        return children.size() == 1 && children.get(0).is(NAMESPACE, "pubkeys")
                ? Optional.of(children.get(0))
                : Optional.empty();
    }

    private static List<Element> onlyElements(Element holder) {
        List<Element> elements = holder.children().toList();
        if (holder.content().stream().filter(node -> !isBlank(node)).count() != elements.size()) {
            throw new IllegalArgumentException("there is text among them");
        }
        return elements;
    }

    private static boolean isBlank(Node node) {
        return node instanceof Text text && text.trimmed().isEmpty();
    }

    private static boolean isIq(Stanza stanza, String type) {
        return stanza.kind() == Stanza.Kind.IQ
                && stanza.element().attribute("type").orElse("").equals(type);
    }

    private static Stanza iq(String type, String id, Element content) {
        return new Stanza(Element.of(Stanza.NAMESPACE, "iq")
                .with("type", type)
                .with("id", id)
                .with(content));
    }
}
