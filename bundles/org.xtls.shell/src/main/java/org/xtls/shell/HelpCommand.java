package org.xtls.shell;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;

/** Help. Gogo's own cannot show a command whose name is no Java name, such as {@code send-xml}. */
@Component(
        service = HelpCommand.class,
        property = {"osgi.command.scope=xtls", "osgi.command.function=help"})
public final class HelpCommand {
    @Descriptor(Usage.HELP)
    public void help(CommandSession session, @Descriptor("the command, or nothing") @Nullable String[] words)
            throws Exception {
        Arguments arguments = Arguments.of(Usage.HELP, words).words(0, 1);
        if (arguments.size() == 0) {
            Usage.BY_COMMAND.values().forEach(usage -> System.out.println(Usage.syntax(usage)));
            System.out.println("More on one: help COMMAND. Commands of the container: felix:help");
            return;
        }
        String name = arguments.word(0);
        String usage = Usage.BY_COMMAND.get(name.startsWith("xtls:") ? name.substring(5) : name);
        if (usage != null) {
            System.out.print(usage);
            return;
        }
        if (!name.matches("[A-Za-z0-9:_-]+")) {
            throw arguments.wrong("'" + name + "' is no command");
        }
        Object foreign = session.execute("felix:help " + name);
        if (foreign != null) {
            System.out.println(foreign);
        }
    }
}
