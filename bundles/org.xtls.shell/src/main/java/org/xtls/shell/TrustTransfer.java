package org.xtls.shell;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.trust.KnownPeer;
import org.xtls.trust.TrustRecords;
import org.xtls.trust.TrustStore;

/** Decisions on keys, taken from one store to another. A function each: their names are no Java names. */
abstract class TrustTransfer implements Function {
    private final String usage;
    private final TrustCommands trust;

    TrustTransfer(String usage, TrustCommands trust) {
        this.usage = usage;
        this.trust = trust;
    }

    @Override
    public @Nullable Object execute(CommandSession session, List<Object> words) throws CommandException {
        Arguments arguments = Arguments.of(
                        usage, words.stream().map(String::valueOf).toArray(String[]::new))
                .words(1, 1);
        try {
            // Where the command was typed, not where the container was started.
            transfer(trust.trustStore(), session.currentDir().resolve(arguments.word(0)));
        } catch (InvalidPathException e) {
            throw arguments.wrong("'" + arguments.word(0) + "' is no path");
        }
        return null;
    }

    abstract void transfer(TrustStore store, Path file) throws CommandException;

    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "it is not there";
        }
        if (e instanceof CharacterCodingException) {
            return "it is no text in UTF-8";
        }
        String reason = e instanceof FileSystemException failed ? failed.getReason() : e.getMessage();
        return reason == null ? e.getClass().getSimpleName() : reason;
    }

    /** Out of the store. */
    @Component(
            service = Function.class,
            property = {"osgi.command.scope=xtls", "osgi.command.function=trust-export"})
    public static final class Export extends TrustTransfer {
        @Activate
        public Export(@Reference TrustCommands trust) {
            super(Usage.TRUST_EXPORT, trust);
        }

        @Override
        void transfer(TrustStore store, Path file) throws CommandException {
            List<KnownPeer> peers = Stages.await(store.peers());
            try {
                Files.writeString(
                        file, new TrustRecords(peers).text(), StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
            } catch (FileAlreadyExistsException e) {
                throw new CommandException(file + " is there already; choose another name or delete it.");
            } catch (IOException e) {
                throw new CommandException(file + " cannot be written: " + reason(e) + ".");
            }
            System.out.println(Printable.text("wrote what is known of " + peers.size() + " peers to " + file));
        }
    }

    /** Into the store. */
    @Component(
            service = Function.class,
            property = {"osgi.command.scope=xtls", "osgi.command.function=trust-import"})
    public static final class Import extends TrustTransfer {
        @Activate
        public Import(@Reference TrustCommands trust) {
            super(Usage.TRUST_IMPORT, trust);
        }

        @Override
        void transfer(TrustStore store, Path file) throws CommandException {
            TrustRecords records;
            try {
                if (Files.size(file) > 4L * TrustRecords.MAX_TEXT) {
                    throw new CommandException(file + " is too long for a file that trust-export wrote.");
                }
                records = TrustRecords.parse(Files.readString(file, StandardCharsets.UTF_8));
            } catch (IllegalArgumentException e) {
                throw new CommandException(file + ", " + e.getMessage() + "; nothing was taken over.");
            } catch (IOException e) {
                throw new CommandException(file + " cannot be read: " + reason(e) + ".");
            }
            List<TrustRecords.NotTaken> left = Stages.await(records.importInto(store));
            left.forEach(key -> System.out.println(
                    Printable.text("not taken: " + key.peer() + " " + key.key() + ", " + key.reason())));
            System.out.println(Printable.text(
                    "took over what is known of " + records.peers().size() + " peers"));
        }
    }
}
