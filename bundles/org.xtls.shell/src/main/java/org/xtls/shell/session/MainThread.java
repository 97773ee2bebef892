package org.xtls.shell.session;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Converter;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.util.tracker.ServiceTracker;
import org.xtls.Xtls;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.transport.Connections;

/**
 * A session for the launcher's main thread, by the convention of bnd's launcher: a {@link Callable} with the service
 * property {@code main.thread}, whose result is the exit code. It is there only where the framework property
 * {@value #COMMANDS} asks for it: a file with commands, {@code -} for standard input, or nothing for standard input
 * where a failed command is no reason to stop; the result is 1 if any failed.
 */
@Component(service = {})
public final class MainThread implements Callable<Integer> {
    /** The framework property that says where the commands come from. */
    static final String COMMANDS = "xtls.commands";

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<Class<?>> NEEDED = List.of(Xtls.class, XtlsRuntime.class, Connections.class);

    private final BundleContext context;
    private final CommandProcessor processor;
    private final String source;
    private final List<ServiceRegistration<?>> registrations;

    @Activate
    public MainThread(BundleContext context, @Reference CommandProcessor processor) {
        this.context = context;
        this.processor = processor;
        String asked = context.getProperty(COMMANDS);
        this.source = asked == null ? "" : asked;
        this.registrations = asked == null
                ? List.of()
                : List.of(
                        context.registerService(Converter.class, new BundleConverter(context), null),
                        context.registerService(
                                Callable.class, this, FrameworkUtil.asDictionary(Map.of("main.thread", true))));
    }

    @Deactivate
    void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        // Not System.out: Gogo has put its own in that place, which would lead back to this session.
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        List<String> missing = missing();
        if (!missing.isEmpty()) {
            err.println("xtls: these services did not come within " + PATIENCE.toSeconds() + " seconds: "
                    + String.join(", ", missing) + "; the log says why");
            return 1;
        }
        Script script = new Script(processor, out, err);
        if (source.isEmpty() || source.equals("-")) {
            return script.run(new FileInputStream(FileDescriptor.in), source.isEmpty());
        }
        Path file = Path.of(source);
        try (InputStream lines = Files.newInputStream(file)) {
            return script.run(lines, false);
        } catch (IOException e) {
            String reason = e instanceof FileSystemException failed ? failed.getReason() : e.getMessage();
            err.println("xtls: cannot read " + file + ": " + (reason == null ? "it is not there any more" : reason));
            return 1;
        }
    }

    private List<String> missing() throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        List<String> missing = new ArrayList<>();
        for (Class<?> needed : NEEDED) {
            ServiceTracker<?, ?> tracker = new ServiceTracker<>(context, needed, null);
            tracker.open();
            try {
                long left = Math.max(1, (end - System.nanoTime()) / 1_000_000);
                if (tracker.waitForService(left) == null) {
                    missing.add(needed.getName());
                }
            } finally {
                tracker.close();
            }
        }
        return missing;
    }
}
