package org.xtls.auth.srp;

import java.math.BigInteger;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import javax.xml.namespace.QName;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.Offer;
import org.xtls.auth.srp.RefusedException.Refusal;
import org.xtls.xml.Element;

/**
 * What travels: {@code <srp xmlns='urn:x-xtls:1'/>}. There is one way to write each value, and no attribute but these: a
 * generator, say, belongs to its group and is nobody's to choose.
 */
final class Values {
    static final String NAMESPACE = "urn:x-xtls:1";
    static final int MIN_SALT = 16;
    static final int MAX_SALT = 64;

    private static final String NAME = "srp";
    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");

    private Values() {}

    /** What the side that begins sends. */
    record Begin(Group group, BigInteger a) {
        Element toElement() {
            return announcement(group).with("A", base64(group.pad(a)));
        }

        static Begin of(Element srp) throws RefusedException {
            requireOnly(srp, Set.of("group", "hash", "A"));
            Group group = groupOf(srp);
            return new Begin(group, group.publicValue("A", bytes(srp, "A")));
        }
    }

    /** What the other side answers. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Challenge(Group group, Cost cost, byte[] salt, BigInteger b) {
        Element toElement() {
            return announcement(group)
                    .with("salt", base64(salt))
                    .with("memory", Integer.toString(cost.memory()))
                    .with("iterations", Integer.toString(cost.iterations()))
                    .with("parallelism", Integer.toString(cost.parallelism()))
                    .with("B", base64(group.pad(b)));
        }

        /**
         * Reads the answer to a beginning. It may repeat A.
         */
        static Challenge of(Element srp, Begin begin) throws RefusedException {
            requireOnly(srp, Set.of("group", "hash", "A", "salt", "memory", "iterations", "parallelism", "B"));
            Group group = groupOf(srp);
            if (srp.attribute("A")
                    .filter(a -> !a.equals(base64(begin.group.pad(begin.a))))
                    .isPresent()) {
                throw new RefusedException(Refusal.OTHER_EXCHANGE, "it answers another A than the one that was sent.");
            }
            byte[] salt = bytes(srp, "salt");
            if (salt.length < MIN_SALT) {
                throw new RefusedException(
                        Refusal.SALT_TOO_SHORT, "the salt has " + salt.length + " bytes, less than " + MIN_SALT + ".");
            }
            if (salt.length > MAX_SALT) {
                throw new RefusedException(
                        Refusal.SALT_TOO_LONG, "the salt has " + salt.length + " bytes, more than " + MAX_SALT + ".");
            }
            Cost cost = Cost.ofPeer(number(srp, "memory"), number(srp, "iterations"), number(srp, "parallelism"));
            return new Challenge(group, cost, salt, group.publicValue("B", bytes(srp, "B")));
        }
    }

    /** One side's proof that it has the secret; {@code M1} or {@code M2}. */
    static Element proof(String name, byte[] code) {
        return Element.of(NAMESPACE, NAME).with(name, base64(code));
    }

    static byte[] proof(String name, Element srp) throws RefusedException {
        requireOnly(srp, Set.of(name));
        return bytes(srp, name);
    }

    /** In a probe: that there is a password, and no value of an exchange. */
    static Element announcement(Group group) {
        return Element.of(NAMESPACE, NAME).with("group", group.toString()).with("hash", Group.HASH);
    }

    static boolean is(Element element) {
        return element.is(NAMESPACE, NAME);
    }

    /** The exchange in an offer, or null. */
    static @Nullable Element in(@Nullable Offer offer) throws RefusedException {
        if (offer == null) {
            return null;
        }
        List<Element> found = offer.things().stream().filter(Values::is).toList();
        if (found.size() > 1) {
            throw new RefusedException(Refusal.SENT_TWICE, "the offer holds <srp/> " + found.size() + " times.");
        }
        return found.isEmpty() ? null : found.get(0);
    }

    /** This method demands it, and an offer that announces it is held to it. */
    static void requireConfirmation(Offer offer) throws RefusedException {
        if (offer.things().stream().noneMatch(thing -> thing.is(NAMESPACE, "confirm"))) {
            throw new RefusedException(
                    Refusal.UNCONFIRMED, "the offer does not announce <confirm/>, which this method demands.");
        }
    }

    private static void requireOnly(Element srp, Set<String> names) throws RefusedException {
        for (QName name : srp.attributes().keySet()) {
            if (!name.getNamespaceURI().isEmpty() || !names.contains(name.getLocalPart())) {
                throw new RefusedException(
                        Refusal.FOREIGN_ATTRIBUTE, "the attribute '" + name.getLocalPart() + "' has no meaning here.");
            }
        }
        if (srp.children().findAny().isPresent() || !srp.text().isBlank()) {
            throw new RefusedException(Refusal.UNEXPECTED_CONTENT, "<srp/> is not empty.");
        }
    }

    private static Group groupOf(Element srp) throws RefusedException {
        Group group = Group.of(attribute(srp, "group"));
        String hash = attribute(srp, "hash");
        if (!hash.equals(Group.HASH)) {
            throw new RefusedException(Refusal.FOREIGN_HASH, "hash '" + hash + "' is not " + Group.HASH + ".");
        }
        return group;
    }

    private static String attribute(Element srp, String name) throws RefusedException {
        return srp.attribute(name)
                .orElseThrow(() ->
                        new RefusedException(Refusal.MISSING_ATTRIBUTE, "the attribute '" + name + "' is missing."));
    }

    private static int number(Element srp, String name) throws RefusedException {
        String text = attribute(srp, name);
        if (!NUMBER.matcher(text).matches()) {
            throw new RefusedException(Refusal.NO_NUMBER, name + " '" + text + "' is no whole number.");
        }
        return Integer.parseInt(text);
    }

    /** Canonical Base64 (RFC 4648 §3.5): what would be written again as it was read. */
    private static byte[] bytes(Element srp, String name) throws RefusedException {
        String text = attribute(srp, name);
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            if (base64(bytes).equals(text)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // As below.
        }
        throw new RefusedException(Refusal.NOT_BASE64, name + " is not in canonical Base64.");
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
