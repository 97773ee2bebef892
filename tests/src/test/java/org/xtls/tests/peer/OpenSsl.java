package org.xtls.tests.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * One end of a TLS 1.3 connection, by {@code openssl s_client} or {@code openssl s_server}. Its records go through a
 * local socket, its plaintext through its standard input and output.
 */
final class OpenSsl implements AutoCloseable {
    private final Process process;
    private final Socket records;
    private final Path diagnostics;
    private final BlockingQueue<Xml> stanzas = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private OpenSsl(Process process, Socket records, Path diagnostics) throws IOException {
        this.process = process;
        this.records = records;
        this.diagnostics = diagnostics;
        records.setTcpNoDelay(true);
    }

    /** A TLS client. With {@code trusted} it verifies the other's certificate against that one and aborts otherwise. */
    static OpenSsl client(KeyPair own, Path trusted) throws IOException {
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listening.setSoTimeout(20_000);
            List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect"));
            command.add("127.0.0.1:" + listening.getLocalPort());
            command.addAll(List.of("-quiet", "-no_ign_eof", "-nocommands", "-noservername"));
            command.addAll(common(own, trusted));
            Path diagnostics = Files.createTempFile("openssl", ".err");
            Process process = started(command, diagnostics);
            OpenSsl client = new OpenSsl(process, listening.accept(), diagnostics);
            client.read(process.getInputStream());
            return client;
        }
    }

    /** A TLS server that demands a certificate; with {@code trusted} as for the client. */
    static OpenSsl server(KeyPair own, Path trusted) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl", "s_server", "-accept", "127.0.0.1:0"));
        command.addAll(List.of("-naccept", "1", "-Verify", "1"));
        command.addAll(common(own, trusted));
        Path diagnostics = Files.createTempFile("openssl", ".err");
        Process process = started(command, diagnostics);
        InputStream out = process.getInputStream();
        String accepting = skipTo(out, "ACCEPT ");
        int port = Integer.parseInt(accepting.substring(accepting.lastIndexOf(':') + 1));
        OpenSsl server = new OpenSsl(process, new Socket(InetAddress.getLoopbackAddress(), port), diagnostics);
        server.read(out);
        return server;
    }

    /** Its TLS records. */
    Socket records() {
        return records;
    }

    /** Writes plaintext. */
    void write(String plaintext) {
        try {
            OutputStream in = process.getOutputStream();
            in.write(plaintext.getBytes(UTF_8));
            in.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(said(), e);
        }
    }

    /** The next stanza that came as plaintext. */
    Xml next() {
        try {
            Xml stanza = stanzas.poll(XmppClient.PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (stanza == null) {
                throw new AssertionError("no stanza came out of openssl, which said: " + said());
            }
            return stanza;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Ends the plaintext; a client then writes {@code close_notify} and leaves. */
    void closePlaintext() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Completes when its plaintext has ended. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    /** What it wrote to standard error: verification and alerts. */
    String said() {
        try {
            return Files.readString(diagnostics, UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            records.close();
            process.destroy();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            Files.deleteIfExists(diagnostics);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    private void read(InputStream out) {
        Thread reader = new Thread(() -> readStanzas(out), "openssl " + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    private void readStanzas(InputStream out) {
        try {
            if (process.info().commandLine().orElse("").contains("s_server")) {
                // The last line before the plaintext.
                skipTo(out, "Secure Renegotiation");
            }
            InputStream header = new ByteArrayInputStream("<stream xmlns='jabber:client'>".getBytes(UTF_8));
            XMLStreamReader reader = Xml.reader(new SequenceInputStream(header, out));
            reader.next();
            while (true) {
                if (reader.next() == XMLStreamConstants.START_ELEMENT) {
                    stanzas.add(Xml.read(reader));
                }
            }
        } catch (IOException | XMLStreamException e) {
            ended.complete(null);
        }
    }

    private static String skipTo(InputStream out, String start) throws IOException {
        while (true) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int c = out.read(); c != '\n'; c = out.read()) {
                if (c < 0) {
                    throw new IOException("openssl ended before it said: " + start);
                }
                line.write(c);
            }
            if (line.toString(UTF_8).startsWith(start)) {
                return line.toString(UTF_8).strip();
            }
        }
    }

    private static Process started(List<String> command, Path diagnostics) throws IOException {
        return new ProcessBuilder(command).redirectError(diagnostics.toFile()).start();
    }

    private static List<String> common(KeyPair own, Path trusted) {
        List<String> options =
                new ArrayList<>(List.of("-tls1_3", "-cert", own.certificate().toString()));
        options.addAll(List.of("-key", own.key().toString()));
        if (trusted != null) {
            options.addAll(List.of("-CAfile", trusted.toString(), "-partial_chain", "-verify_return_error"));
        }
        return options;
    }
}
