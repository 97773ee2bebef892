package org.xtls.benchmarks;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.xtls.Stanza;

/** One chat message of 300 bytes: sent by Romeo, delivered to Juliet, acknowledged by her. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 1, time = 4)
@Measurement(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets parameters and calls @Setup before anything else
public class Stanzas {
    private static final int BYTES = 300;
    private static final int MANY = 64;

    private Stanza stanza;
    private OpenTunnel tunnel;

    @Setup
    public void open() throws GeneralSecurityException {
        stanza = chat(BYTES);
        tunnel = new OpenTunnel();
    }

    /** Each waits for the acknowledgement of the one before. */
    @Benchmark
    public int oneByOne() {
        return tunnel.carry(stanza, 1);
    }

    /** They leave at once and share the acknowledgements. */
    @Benchmark
    @OperationsPerInvocation(MANY)
    public int manyAtOnce() {
        return tunnel.carry(stanza, MANY);
    }

    private static Stanza chat(int bytes) {
        int around = length(Stanza.chat("m")) - 1;
        Stanza chat = Stanza.chat("m".repeat(bytes - around));
        Connection.require(length(chat) == bytes, "a message of another size was made");
        return chat;
    }

    private static int length(Stanza stanza) {
        return stanza.toXml().getBytes(StandardCharsets.UTF_8).length;
    }
}
