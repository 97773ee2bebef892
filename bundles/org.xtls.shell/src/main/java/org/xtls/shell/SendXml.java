package org.xtls.shell;

import java.util.List;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.Stanza;

/** The command {@code send-xml}, whose name is no Java name: Gogo calls a function. */
@Component(
        service = Function.class,
        property = {"osgi.command.scope=xtls", "osgi.command.function=send-xml"})
public final class SendXml implements Function {
    private final Tunnels tunnels;

    @Activate
    public SendXml(@Reference Tunnels tunnels) {
        this.tunnels = tunnels;
    }

    @Override
    public @Nullable Object execute(CommandSession session, List<Object> words) throws CommandException {
        Arguments arguments = Arguments.of(
                        Usage.SEND_XML, words.stream().map(String::valueOf).toArray(String[]::new))
                .words(2, 2);
        Stanza stanza;
        try {
            stanza = Stanza.parse(arguments.word(1));
        } catch (IllegalArgumentException e) {
            throw arguments.wrong(e.getMessage());
        }
        tunnels.send(arguments.fullJid(0), stanza);
        return null;
    }
}
