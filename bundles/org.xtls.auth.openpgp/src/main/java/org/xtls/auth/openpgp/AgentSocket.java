package org.xtls.auth.openpgp;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** A connection to one of gpg-agent's Unix sockets, with one deadline for all that is said on it. */
final class AgentSocket implements AutoCloseable {
    private final Path path;
    private final SocketChannel channel;
    private final Selector selector;
    private final ByteBuffer received = ByteBuffer.allocate(8_192).flip();
    private final long deadline;

    private AgentSocket(Path path, SocketChannel channel, Selector selector, long deadline) {
        this.path = path;
        this.channel = channel;
        this.selector = selector;
        this.deadline = deadline;
    }

    static AgentSocket connect(Path path, Duration patience) throws AgentException {
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.configureBlocking(false);
            Selector selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            return new AgentSocket(path, channel, selector, System.nanoTime() + patience.toNanos());
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            if (channel != null) {
                close(channel);
            }
            throw new AgentException(
                    AgentException.Kind.GONE,
                    "gpg-agent cannot be reached at " + path
                            + "; is it running? 'gpgconf --launch gpg-agent' starts it");
        }
    }

    void send(byte[] bytes) throws AgentException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        try {
            while (buffer.hasRemaining()) {
                if (channel.write(buffer) == 0) {
                    await(SelectionKey.OP_WRITE);
                }
            }
        } catch (IOException e) {
            throw gone();
        }
    }

    /** One octet. */
    int read() throws AgentException {
        try {
            while (!received.hasRemaining()) {
                received.clear();
                int count = channel.read(received);
                received.flip();
                if (count < 0) {
                    throw gone();
                }
                if (count == 0) {
                    await(SelectionKey.OP_READ);
                }
            }
        } catch (IOException e) {
            throw gone();
        }
        return received.get() & 0xff;
    }

    private void await(int operation) throws IOException, AgentException {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0 || Thread.currentThread().isInterrupted()) {
            throw new AgentException(
                    AgentException.Kind.SLOW, "gpg-agent did not answer in time; does it wait for a passphrase?");
        }
        channel.keyFor(selector).interestOps(operation);
        selector.select(left);
        selector.selectedKeys().clear();
    }

    private AgentException gone() {
        return new AgentException(AgentException.Kind.GONE, "gpg-agent at " + path + " went away");
    }

    @Override
    public void close() {
        close(selector);
        close(channel);
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            // Nothing hangs on it.
        }
    }
}
