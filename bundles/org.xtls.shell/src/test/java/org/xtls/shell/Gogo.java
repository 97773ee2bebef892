package org.xtls.shell;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.apache.felix.service.command.CommandSession;

/** The real Gogo with the real commands, wired by hand to services. */
final class Gogo implements AutoCloseable {
    final List<String> told = new CopyOnWriteArrayList<>();
    final TunnelNews news = new TunnelNews(told::add);
    final Tunnels tunnels = new Tunnels(news);
    final RuntimeWatch runtime = new RuntimeWatch();
    final ConnectionCommands connections = new ConnectionCommands(runtime);
    final TrustCommands trust = new TrustCommands(runtime);
    final List<String> asked = new CopyOnWriteArrayList<>();
    final Questions questions = new Questions(asked::add);
    final PasswordCommands passwords =
            new PasswordCommands(tunnels, runtime, questions, news, Clock.fixed(Verona.NOW, ZoneOffset.UTC));
    final InboxCommands inbox = new InboxCommands();
    final CommandProcessorImpl processor;

    private final ThreadIOImpl threads = new ThreadIOImpl();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CommandSession session;

    Gogo() {
        threads.start();
        processor = new CommandProcessorImpl(threads);
        TunnelCommands tunnelCommands = new TunnelCommands(tunnels, runtime, questions, news);
        add(connections, "connect", "disconnect");
        add(trust, "identity", "trust", "distrust", "policy", "methods");
        add(tunnelCommands, "open", "tunnels", "send", "close");
        add(passwords, "pair", "password", "passwords", "forget", "unlock", "verify");
        add(inbox, "receive", "echo");
        add(new SendXml(tunnels), "send-xml");
        add(new TrustTransfer.Export(trust), "trust-export");
        add(new TrustTransfer.Import(trust), "trust-import");
        add(questions.new Answers(), "answer");
        add(new HelpCommand(), "help");
        InputStream in = new ByteArrayInputStream(new byte[0]);
        session = processor.createSession(in, new PrintStream(out, true), new PrintStream(err, true));
    }

    Gogo with(Verona verona) {
        runtime.bindRuntime(verona, Map.of("service.changecount", verona.state.changeCount));
        tunnels.xtls = verona;
        connections.connections = verona;
        trust.trustStore = verona;
        trust.ownKeys = List.of(verona);
        passwords.passwords = verona.secrets;
        passwords.verification = verona.secrets;
        return this;
    }

    /** Runs a line and returns what it printed. */
    String run(String line) throws Exception {
        out.reset();
        err.reset();
        session.execute(line);
        return out.toString(StandardCharsets.UTF_8);
    }

    void put(String variable, Object value) {
        session.put(variable, value);
    }

    /** Runs a line that must fail, and returns what its user sees. */
    String failing(String line) {
        try {
            run(line);
        } catch (Exception e) {
            return e.toString();
        }
        throw new AssertionError("it did not fail: " + line);
    }

    String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        session.close();
        processor.stop();
        threads.stop();
    }

    private void add(Object target, String... functions) {
        for (String function : functions) {
            processor.addCommand("xtls", target, function);
        }
    }
}
