package org.xtls.shell;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.xml.Element;

/** What comes out of tunnels. */
@Component(
        immediate = true, // between two commands too, stanzas come and echo stays on
        service = {TunnelListener.class, InboxCommands.class},
        property = {
            "osgi.command.scope=xtls",
            "osgi.command.function=receive",
            "osgi.command.function=echo",
            // After all others: an iq that one of them took, such as an exchange of theirs, is nothing to read.
            "service.ranking:Integer=-1000"
        })
public final class InboxCommands implements TunnelListener {
    private static final Logger log = LoggerFactory.getLogger(InboxCommands.class);
    private static final int MOST_STANZAS = 10_000;
    private static final long MOST_CHARACTERS = 16 << 20;
    private static final String ECHO_ID = "echo-";

    private final Inbox inbox = new Inbox(MOST_STANZAS, MOST_CHARACTERS);
    private volatile boolean echo;

    @Descriptor(Usage.RECEIVE)
    public void receive(@Descriptor("options") @Nullable String[] words) throws CommandException {
        Arguments arguments =
                Arguments.of(Usage.RECEIVE, words, Set.of("--timeout")).words(0, 0);
        int seconds = arguments.number("--timeout", 0, 86_400, 60);
        Optional<Inbox.Entry> next;
        try {
            next = inbox.take(Duration.ofSeconds(seconds));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Stages.interrupted();
        }
        long lost = inbox.lost();
        if (lost > 0) {
            System.err.println(lost + " older stanzas were dropped because nobody read them");
        }
        Inbox.Entry entry =
                next.orElseThrow(() -> new CommandException("No stanza came within " + seconds + " seconds."));
        System.out.println(Printable.text(entry.peer() + " " + entry.standing()));
        System.out.println(Printable.xml(entry.xml()));
    }

    @Descriptor(Usage.ECHO)
    public void echo(@Descriptor("on or off") @Nullable String[] words) throws CommandException {
        Arguments arguments = Arguments.of(Usage.ECHO, words).words(1, 1);
        echo = switch (arguments.word(0)) {
            case "on" -> true;
            case "off" -> false;
            default -> throw arguments.wrong("'" + arguments.word(0) + "' is neither on nor off");
        };
        System.out.println("echo is " + arguments.word(0));
    }

    @Override
    public boolean received(Tunnel tunnel, Stanza stanza) {
        inbox.add(new Inbox.Entry(tunnel.peer(), TunnelCommands.standing(tunnel.security()), stanza.toXml()));
        if (echo) {
            answer(tunnel, stanza);
        }
        // A request that is shown is not answered by being shown.
        return stanza.kind() != Stanza.Kind.IQ
                || stanza.element().attribute("type").orElse("").matches("result|error");
    }

    /** An echo is not answered: two sides that echo would never come to rest. */
    private void answer(Tunnel tunnel, Stanza stanza) {
        Element message = stanza.element();
        if (stanza.kind() != Stanza.Kind.MESSAGE
                || !message.attribute("type").orElse("").equals("chat")
                || message.attribute("id").orElse("").startsWith(ECHO_ID)
                || stanza.body().isEmpty()) {
            return;
        }
        Element reply =
                Element.of(Stanza.NAMESPACE, "message").with("type", "chat").with("id", ECHO_ID + UUID.randomUUID());
        for (Element child : message.children().toList()) {
            if (child.is(Stanza.NAMESPACE, "thread") || child.is(Stanza.NAMESPACE, "body")) {
                reply = reply.with(child);
            }
        }
        tunnel.send(new Stanza(reply)).whenComplete((acknowledgement, failure) -> {
            if (failure != null) {
                log.warn("tunnel {}: the echo was not acknowledged: {}", tunnel.id(), failure.getMessage());
            }
        });
    }
}
