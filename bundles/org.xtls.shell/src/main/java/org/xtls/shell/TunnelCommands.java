package org.xtls.shell;

import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.Acknowledgement;
import org.xtls.Closure;
import org.xtls.FullJid;
import org.xtls.Security;
import org.xtls.Stanza;
import org.xtls.Trust;
import org.xtls.Tunnel;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.trust.KeyName;

/** Tunnels and what goes into them. */
@Component(
        service = TunnelCommands.class,
        property = {
            "osgi.command.scope=xtls",
            "osgi.command.function=open",
            "osgi.command.function=tunnels",
            "osgi.command.function=send",
            "osgi.command.function=close"
        })
public final class TunnelCommands {
    private final Tunnels tunnels;
    private final RuntimeWatch runtime;
    private final Questions questions;
    private final TunnelNews news;

    @Activate
    public TunnelCommands(
            @Reference Tunnels tunnels,
            @Reference RuntimeWatch runtime,
            @Reference Questions questions,
            @Reference TunnelNews news) {
        this.tunnels = tunnels;
        this.runtime = runtime;
        this.questions = questions;
        this.news = news;
    }

    @Descriptor(Usage.OPEN)
    public void open(@Descriptor("FULLJID") @Nullable String[] words) throws CommandException {
        FullJid peer = Arguments.of(Usage.OPEN, words).words(1, 1).fullJid(0);
        news.expect(peer);
        try {
            open(peer);
        } finally {
            news.expectNoMore(peer);
        }
    }

    private void open(FullJid peer) throws CommandException {
        CompletableFuture<Tunnel> opening = tunnels.xtls().open(peer).toCompletableFuture();
        CompletableFuture<Void> asked = questions.about(peer);
        try {
            Stages.await(CompletableFuture.anyOf(opening, asked));
        } finally {
            asked.cancel(false);
        }
        if (!opening.isDone()) {
            throw new CommandException("A question comes first: answer it, then open again.");
        }
        Tunnel tunnel = Stages.await(opening);
        news.known(tunnel);
        Security security = tunnel.security();
        System.out.println(Printable.text("tunnel " + tunnel.id() + " with " + tunnel.peer() + " is open"));
        line("trust", trust(security.trust()) + " (" + security.evidence() + ")");
        KeyName key = security.key();
        line("key", key == null ? "none: the peer proved a shared secret" : key.method() + " " + key.grouped());
        line(
                "tls",
                Stream.of(security.tls(), security.group(), security.suite())
                        .filter(part -> !part.isEmpty())
                        .collect(Collectors.joining(", ")));
        line("method", security.method() + (isLegacy(security) ? " (legacy)" : ""));
        line("offers", security.offersConfirmed() ? "confirmed by the peer" : "unconfirmed");
        line(
                "sends",
                "acknowledged by the " + (security.acknowledgement() == Acknowledgement.PEER ? "peer" : "link only"));
        if (isLegacy(security)) {
            System.out.println(
                    "Legacy: TLS 1.2 with CBC and SHA-1, as RFC 5054 has it, for peers that can do no better.");
        }
        if (security.trust() == Trust.UNVERIFIED && key != null) {
            System.out.println(Printable.text("Somebody in between may be at both ends. Compare the key with what the"
                    + " peer's \"identity\" shows, then: trust " + peer.bare() + " " + key));
            System.out.println(
                    Printable.text("Or, where the two of you share a secret, and no server knows it: verify " + peer));
        }
    }

    @Descriptor(Usage.TUNNELS)
    public void tunnels(@Descriptor("nothing") @Nullable String[] words) throws CommandException {
        Arguments.of(Usage.TUNNELS, words).words(0, 0);
        RuntimeDTO state = runtime.now();
        if (state.tunnels.isEmpty()) {
            System.out.println("no tunnels");
            return;
        }
        Table table = new Table(
                "ID",
                "PEER",
                "ROLE",
                "STATE",
                "METHOD",
                "TLS",
                "GROUP",
                "SUITE",
                "TRUST",
                "SENT",
                "ACKED",
                "RECEIVED",
                "QUEUED");
        state.tunnels.forEach(tunnel -> table.row(
                tunnel.id,
                tunnel.peer,
                tunnel.role,
                tunnel.state,
                tunnel.method,
                (tunnel.tls + (isLegacy(tunnel.method, tunnel.tls) ? " (legacy)" : "")).strip(),
                tunnel.group,
                tunnel.suite,
                tunnel.trust,
                Long.toString(tunnel.sent),
                Long.toString(tunnel.acknowledged),
                Long.toString(tunnel.received),
                Integer.toString(tunnel.queued)));
        System.out.print(table);
    }

    @Descriptor(Usage.SEND)
    public void send(@Descriptor("FULLJID and TEXT") @Nullable String[] words) throws CommandException {
        Arguments arguments = Arguments.of(Usage.SEND, words).words(2, Integer.MAX_VALUE);
        Stanza stanza;
        try {
            stanza = Stanza.chat(arguments.from(1));
        } catch (IllegalArgumentException e) {
            throw arguments.wrong(e.getMessage());
        }
        tunnels.send(arguments.fullJid(0), stanza);
    }

    @Descriptor(Usage.CLOSE)
    public void close(@Descriptor("FULLJID") @Nullable String[] words) throws CommandException {
        FullJid peer = Arguments.of(Usage.CLOSE, words).words(1, 1).fullJid(0);
        Closure closure = Stages.await(tunnels.tunnel(peer).close());
        if (!closure.orderly()) {
            throw new CommandException(closure.failure().text());
        }
        System.out.println(Printable.text("tunnel with " + peer + " is closed"));
    }

    /** How far a tunnel is to be trusted, in a word or two. */
    static String standing(Security security) {
        return trust(security.trust()) + (isLegacy(security) ? ", legacy" : "");
    }

    private static String trust(Trust trust) {
        return switch (trust) {
            case VERIFIED -> "verified";
            case UNVERIFIED -> "unverified";
        };
    }

    private static boolean isLegacy(Security security) {
        return isLegacy(security.method(), security.tls());
    }

    /** TLS 1.2 is there for RFC 5054 only, whose name on the wire is known before there is any TLS. */
    private static boolean isLegacy(String method, String tls) {
        return method.equals("srp") || tls.equals("TLSv1.2");
    }

    private static void line(String name, String value) {
        System.out.println(Printable.text("  " + name + " ".repeat(8 - name.length()) + value));
    }
}
