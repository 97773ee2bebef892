package org.xtls.shell;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.felix.service.command.Descriptor;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.FullJid;
import org.xtls.transport.Connections;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;

/** Logging in and out. */
@Component(
        service = ConnectionCommands.class,
        property = {"osgi.command.scope=xtls", "osgi.command.function=connect", "osgi.command.function=disconnect"})
public final class ConnectionCommands {
    private static final Duration LINK_PATIENCE = Duration.ofSeconds(15);
    private static final Set<String> OPTIONS = Set.of("--password", "--host", "--port", "--resource", "--server-tls");

    private final RuntimeWatch runtime;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable Connections connections;

    @Activate
    public ConnectionCommands(@Reference RuntimeWatch runtime) {
        this.runtime = runtime;
    }

    @Descriptor(Usage.CONNECT)
    public void connect(@Descriptor("JID and options") @Nullable String[] words) throws CommandException {
        Login login = login(Arguments.of(Usage.CONNECT, words, OPTIONS).words(1, 1));
        FullJid local;
        try {
            local = Stages.await(connections().connect(login));
        } finally {
            Arrays.fill(login.password(), '\0');
        }
        if (!runtime.await(state -> state.links.contains(local.toString()), LINK_PATIENCE)) {
            throw new CommandException("Logged in as " + local + ", but no tunnel can be made from there: is bundle"
                    + " org.xtls.transport.smack active?");
        }
        System.out.println("connected as " + Printable.text(local.toString()));
    }

    @Descriptor(Usage.DISCONNECT)
    public void disconnect(@Descriptor("nothing") @Nullable String[] words) throws CommandException {
        Arguments.of(Usage.DISCONNECT, words).words(0, 0);
        Connections present = connections();
        List<FullJid> sessions = present.connected();
        for (FullJid local : sessions) {
            Stages.await(present.disconnect(local));
            System.out.println("disconnected " + Printable.text(local.toString()));
        }
        if (sessions.isEmpty()) {
            System.out.println("not connected");
        }
    }

    private static Login login(Arguments arguments) throws CommandException {
        String password = arguments.option("--password").orElseThrow(() -> arguments.wrong("--password is missing"));
        String host = arguments.option("--host").orElse(null);
        int port = arguments.number("--port", 1, 65_535, 0);
        if (port != 0 && host == null) {
            throw arguments.wrong("--port is of use with --host only");
        }
        if (arguments.word(0).contains("/")) {
            throw arguments.wrong("the account has no resource; --resource asks for one");
        }
        try {
            return new Login(
                    arguments.account(0),
                    password.toCharArray(),
                    host,
                    port == 0 ? OptionalInt.empty() : OptionalInt.of(port),
                    arguments.option("--resource").orElse(null),
                    ServerTls.parse(arguments.option("--server-tls").orElse("required")));
        } catch (IllegalArgumentException e) {
            throw arguments.wrong("--server-tls " + e.getMessage());
        }
    }

    private Connections connections() throws CommandException {
        Connections present = connections;
        if (present == null) {
            throw CommandException.missing("service that logs in", "org.xtls.connection.smack");
        }
        return present;
    }
}
