package org.xtls.shell;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;

/** Help. Gogo's own cannot show a command whose name is no Java name, such as {@code send-xml}. */
@Component(
        service = HelpCommand.class,
        property = {"osgi.command.scope=xtls", "osgi.command.function=help"})
public final class HelpCommand {
    private static final String SCOPE = "xtls:";

    /** The help for all that a container has: Gogo's own, and Karaf's. */
    private static final List<String> CONTAINERS = List.of("felix:help", "*:help");

    @Descriptor(Usage.HELP)
    public void help(CommandSession session, @Descriptor("the command, or nothing") @Nullable String[] words)
            throws Exception {
        Arguments arguments = Arguments.of(Usage.HELP, words).words(0, 1);
        Set<String> commands = commands(session);
        if (arguments.size() == 0) {
            Usage.BY_COMMAND.forEach((name, usage) -> {
                if (commands.contains(SCOPE + name)) {
                    System.out.println(Usage.syntax(usage));
                }
            });
            System.out.println("More on one: help COMMAND."
                    + containers(commands)
                            .map(help -> " Commands of the container: " + help)
                            .orElse(""));
            return;
        }
        String name = arguments.word(0);
        String own = name.startsWith(SCOPE) ? name.substring(SCOPE.length()) : name;
        String usage = Usage.BY_COMMAND.get(own);
        if (usage != null && commands.contains(SCOPE + own)) {
            System.out.print(usage);
            return;
        }
        Optional<String> containers = containers(commands);
        if (containers.isEmpty()
                || commands.stream().noneMatch(command -> command.equals(name) || command.endsWith(":" + name))) {
            throw new CommandException("There is no command '" + name + "'; help lists those of XTLS"
                    + containers.map(help -> ", " + help + " all").orElse("") + ".");
        }
        // Not as a line to be executed: Gogo would look for files of Karaf's command's name.
        if (session.get(containers.get()) instanceof Function help) {
            Object foreign = help.execute(session, List.of(name));
            if (foreign != null) {
                System.out.println(foreign);
            }
        }
    }

    private static Optional<String> containers(Set<String> commands) {
        return CONTAINERS.stream().filter(commands::contains).findFirst();
    }

    /** The names that are registered now, such as {@code xtls:open}. */
    private static Set<String> commands(CommandSession session) {
        Set<String> names = new HashSet<>();
        if (session.get(".commands") instanceof Collection<?> commands) {
            commands.forEach(command -> names.add(String.valueOf(command)));
        }
        return names;
    }
}
