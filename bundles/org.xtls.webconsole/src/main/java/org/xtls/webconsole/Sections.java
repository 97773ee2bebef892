package org.xtls.webconsole;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.xtls.BareJid;
import org.xtls.runtime.CountsDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.Policies;

/** The parts of the page as HTML. All text goes through {@link Html#text}. */
final class Sections {
    /** Rows of a table: a page of more helps nobody and keeps the browser busy. */
    private static final int MOST_ROWS = 500;

    private Sections() {}

    /** What changes with the state; in the order in which the page shows it. */
    static Map<String, String> state(RuntimeDTO runtime) {
        Map<String, String> sections = new LinkedHashMap<>();
        sections.put("status", status(runtime));
        sections.put("methods", methods(runtime));
        sections.put("policy", policy(runtime));
        return sections;
    }

    /** What changes all the time. */
    static Map<String, String> traffic(RuntimeDTO runtime) {
        Map<String, String> sections = new LinkedHashMap<>();
        sections.put("tunnels", tunnels(runtime.tunnels));
        sections.put("counts", counts(runtime.counts));
        return sections;
    }

    private static String status(RuntimeDTO runtime) {
        StringBuilder html = new StringBuilder();
        runtime.missing.forEach(missing -> html.append("<p class='xtls-bad'>There is no ")
                .append(Html.text(missing))
                .append(".</p>"));
        if (runtime.links.isEmpty()) {
            html.append("<p class='xtls-bad'>There is no connection to a server.</p>");
        }
        runtime.links.forEach(link -> html.append("<p class='xtls-good'>Connected as <b>")
                .append(Html.text(link))
                .append("</b></p>"));
        return html.toString();
    }

    private static String tunnels(List<TunnelDTO> tunnels) {
        if (tunnels.isEmpty()) {
            return "<p>There are none.</p>";
        }
        return table(
                List.of("Peer", "State", "Method and TLS", "Trust", "Sent", "Acknowledged", "Received", "Waiting"),
                tunnels,
                Sections::tunnel,
                "tunnels");
    }

    private static String tunnel(TunnelDTO tunnel) {
        return cell("<b>" + Html.text(tunnel.peer) + "</b><small>" + (tunnel.role.equals("initiator") ? "from " : "to ")
                        + Html.text(tunnel.local) + "</small>")
                + cell(Html.text(tunnel.state) + small(tunnel.id))
                + cell(Html.text(tunnel.method) + small(tunnel.tls + " " + tunnel.group) + small(tunnel.suite))
                + cell(badge(tunnel.trust)
                        + small(tunnel.evidence)
                        + grouped(tunnel.fingerprint)
                        + (tunnel.trust.isEmpty()
                                ? ""
                                : small(tunnel.offersConfirmed ? "offers confirmed" : "offers not confirmed")))
                + number(tunnel.sent)
                + number(tunnel.acknowledged)
                + number(tunnel.received)
                + number(tunnel.queued);
    }

    private static String methods(RuntimeDTO runtime) {
        if (runtime.methods.isEmpty()) {
            return "<p>There are none.</p>";
        }
        return table(
                List.of("Method", "Preference", "Bundle", "Version", "Service"),
                runtime.methods,
                method -> cell("<b>" + Html.text(method.name) + "</b>")
                        + number(method.preference)
                        + cell(Html.text(method.bundle))
                        + cell(Html.text(method.version))
                        + number(method.serviceId),
                "methods");
    }

    private static String policy(RuntimeDTO runtime) {
        StringBuilder html = new StringBuilder("<table class='nicetable'><tbody>");
        new TreeMap<>(runtime.policy).forEach((key, value) -> {
            List<String> lines = key.equals(Policies.RULES) ? Arrays.asList(value.split("; ")) : List.of(value);
            lines.forEach(line -> html.append("<tr><th scope='row'>")
                    .append(Html.text(key.equals(Policies.RULES) ? "rule" : key))
                    .append("</th>")
                    .append(cell(Html.text(line)))
                    .append("</tr>"));
        });
        return html.append("</tbody></table>").toString();
    }

    private static String counts(CountsDTO counts) {
        return "<table class='nicetable'><tbody>"
                + row("Handshakes", counts(counts.handshakes))
                + row("Failures", counts(counts.failures))
                + row("Tunnels ended", counts(counts.closures))
                + row("Bytes of TLS sent", Long.toString(counts.bytesSent))
                + row("Bytes of TLS received", Long.toString(counts.bytesReceived))
                + "</tbody></table>";
    }

    private static String counts(Map<String, Long> counts) {
        StringBuilder html = new StringBuilder();
        new TreeMap<>(counts)
                .forEach((what, count) -> html.append(html.isEmpty() ? "" : ", ")
                        .append(count)
                        .append(' ')
                        .append(Html.text(what)));
        return html.isEmpty() ? "none" : html.toString();
    }

    /**
     * The known keys, each with a form to decide on it.
     *
     * @param root the page's path
     * @param token of the session
     */
    static String keys(List<KnownPeer> peers, String root, String token) {
        List<Held> held = peers.stream()
                .flatMap(peer -> peer.keys().stream().map(key -> new Held(peer.peer(), key)))
                .toList();
        if (held.isEmpty()) {
            return "<p>No keys are known.</p>";
        }
        return table(
                List.of("Peer", "State", "Fingerprint", "Evidence", "Since", "Decide"),
                held,
                one -> key(one.peer, one.key, root, token),
                "keys");
    }

    private record Held(BareJid peer, KnownKey key) {}

    private static String key(BareJid peer, KnownKey key, String root, String token) {
        KeyName name = key.name();
        return cell("<b>" + Html.text(peer.toString()) + "</b>" + small(name.method()))
                + cell(badge(state(key.state())))
                + cell(grouped(name.fingerprint())
                        + "<details><summary>QR code</summary><img class='xtls-qr' loading='lazy' alt='"
                        + Html.text(QrCode.uri(peer, name)) + "' src='" + Html.text(root) + "/qr.svg?peer="
                        + parameter(peer.toString()) + "&amp;method=" + parameter(name.method()) + "&amp;fingerprint="
                        + parameter(name.fingerprint()) + "'></details>")
                + cell(Html.text(key.evidence()))
                + cell(time(key.since()))
                + cell("<form method='post' action='" + Html.text(root) + "/decide'>"
                        + hidden(CrossSite.TOKEN, token)
                        + hidden("peer", peer.toString())
                        + hidden("method", name.method())
                        + hidden("fingerprint", name.fingerprint())
                        + hidden("state", state(key.state()))
                        + (key.state() == KeyState.VERIFIED ? "" : button("verified", "Accept"))
                        + (key.state() == KeyState.DISTRUSTED ? "" : button("distrusted", "Distrust"))
                        + "</form>");
    }

    private static String time(Instant at) {
        String[] parts = at.toString().split("T");
        return parts[0] + small(parts[1].replace("Z", " UTC"));
    }

    static String state(KeyState state) {
        return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static String problem(String reason) {
        return "<p class='xtls-bad'>" + Html.text(reason) + "</p>";
    }

    private static <T> String table(List<String> headings, List<T> rows, Function<T, String> cells, String what) {
        StringBuilder html = new StringBuilder("<table class='nicetable'><thead><tr>");
        headings.forEach(heading -> html.append("<th scope='col' class='ui-widget-header'>")
                .append(heading)
                .append("</th>"));
        html.append("</tr></thead><tbody>");
        rows.stream()
                .limit(MOST_ROWS)
                .forEach(row -> html.append("<tr>").append(cells.apply(row)).append("</tr>"));
        html.append("</tbody></table>");
        if (rows.size() > MOST_ROWS) {
            html.append("<p>These are the first %d of %d %s.</p>".formatted(MOST_ROWS, rows.size(), what));
        }
        return html.toString();
    }

    private static String row(String heading, String html) {
        return "<tr><th scope='row'>" + heading + "</th>" + cell(html) + "</tr>";
    }

    private static String cell(String html) {
        return "<td>" + html + "</td>";
    }

    private static String number(long number) {
        return "<td class='xtls-number'>" + number + "</td>";
    }

    private static String small(String text) {
        return text.isBlank() ? "" : "<small>" + Html.text(text) + "</small>";
    }

    /** The class decides on the colour; the text says the same to those who see none. */
    private static String badge(String text) {
        return text.isEmpty()
                ? ""
                : "<span class='xtls-badge xtls-" + Html.text(text) + "'>" + Html.text(text) + "</span>";
    }

    private static String grouped(String fingerprint) {
        return fingerprint.isEmpty()
                ? ""
                : "<code>"
                        + Html.text(fingerprint.toUpperCase(Locale.ROOT).replaceAll("(.{4})(?!$)", "$1 "))
                        + "</code>";
    }

    private static String hidden(String name, String value) {
        return "<input type='hidden' name='" + name + "' value='" + Html.text(value) + "'>";
    }

    private static String button(String value, String label) {
        return "<button name='to' value='" + value + "'>" + label + "</button> ";
    }

    private static String parameter(String value) {
        return Html.text(URLEncoder.encode(value, StandardCharsets.UTF_8));
    }
}
