package org.xtls.tunnel.protocol;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xtls.auth.Offer;
import org.xtls.xml.Element;

/** How offers are put together and spoken of. */
final class Offers {
    private static final Element CONFIRM = Element.of(Wire.OURS, "confirm");

    private Offers() {}

    /** An offer of these things, each once, and of confirming. */
    static Offer confirming(Collection<List<Element>> things) {
        List<Element> all = new ArrayList<>();
        things.stream().flatMap(List::stream).distinct().forEach(all::add);
        all.add(CONFIRM);
        return Offer.of(all);
    }

    /** An offer in answer to a probe: nothing is confirmed that selects nothing. */
    static Offer probed(Collection<List<Element>> things) {
        return Offer.of(things.stream().flatMap(List::stream).distinct().toList());
    }

    static boolean confirms(@Nullable Offer offer) {
        return offer != null && offer.element().child(Wire.OURS, "confirm").isPresent();
    }

    /** What is in an offer, short enough for an error message. */
    static String describe(@Nullable Offer offer) {
        if (offer == null) {
            return "no offer";
        }
        String things = offer.things().stream()
                .limit(8)
                .map(thing -> {
                    String name = thing.children().map(Element::text).collect(Collectors.joining(" "));
                    return shortened(thing.name()) + (name.isBlank() ? "" : " " + shortened(name.strip()));
                })
                .collect(Collectors.joining(", "));
        return things.isEmpty() ? "nothing" : things + (offer.things().size() > 8 ? ", …" : "");
    }

    private static String shortened(String name) {
        String printable = name.replaceAll("[^\\p{Alnum}:./ -]", "?");
        return printable.length() <= 16 ? printable : printable.substring(0, 16) + "…";
    }
}
