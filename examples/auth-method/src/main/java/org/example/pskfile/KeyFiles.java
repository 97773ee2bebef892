package org.example.pskfile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.XtlsException;

/** The folder with the keys, read by a thread of its own. */
@Component(
        service = KeyFiles.class,
        configurationPid = "org.example.pskfile",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = KeyFiles.Settings.class)
public final class KeyFiles {
    @ObjectClassDefinition(name = "XTLS method psk-file")
    @interface Settings {
        @AttributeDefinition(
                name = "Directory",
                description = "Folder with a file JID.psk for each peer, 64 hex digits.")
        String directory();
    }

    private final ExecutorService reader = Executors.newSingleThreadExecutor(KeyFiles::thread);
    private volatile Path directory = Path.of("");

    @Activate
    public KeyFiles(Settings settings) {
        modified(settings);
    }

    @Modified
    void modified(Settings settings) {
        Path configured = Path.of(settings.directory()).toAbsolutePath();
        if (settings.directory().isBlank() || !Files.isDirectory(configured)) {
            throw new IllegalArgumentException("directory: '" + settings.directory() + "' is no directory");
        }
        directory = configured;
    }

    @Deactivate
    void close() {
        reader.shutdown();
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(null, task, "psk-file", 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(KeyFiles.class.getClassLoader());
        return thread;
    }

    /** What is made of a peer's key, which is wiped then; empty when there is none. */
    <T> CompletionStage<Optional<T>> use(BareJid peer, Function<byte[], T> what) {
        return CompletableFuture.supplyAsync(
                () -> {
                    Path file = directory.resolve(peer + ".psk");
                    if (!directory.equals(file.getParent()) || !Files.exists(file)) {
                        return Optional.empty();
                    }
                    byte[] key = read(file);
                    try {
                        return Optional.of(what.apply(key));
                    } finally {
                        Arrays.fill(key, (byte) 0);
                    }
                },
                reader);
    }

    private static byte[] read(Path file) {
        try {
            if (PosixFilePermissions.toString(Files.getPosixFilePermissions(file))
                    .endsWith("------")) {
                String text = Files.readString(file).strip();
                if (text.matches("[0-9a-fA-F]{64}")) {
                    return HexFormat.of().parseHex(text);
                }
            }
        } catch (IOException e) {
            // As below: what is in the file is never shown.
        }
        throw new CompletionException(new XtlsException(Failure.of(
                Failure.Code.LOCAL,
                Failure.Fault.LOCAL,
                file + " is not 64 hex digits that only its owner can read.")));
    }
}
