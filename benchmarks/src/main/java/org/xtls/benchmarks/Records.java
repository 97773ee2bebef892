package org.xtls.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.xtls.tls.bc.NarrowedEngine;

/** One record: sealed on one side, opened on the other. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 1, time = 1500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets parameters and calls @Setup before anything else
public class Records {
    /** Whose TLS it is. */
    public enum Engine {
        /** Sessions of org.xtls.tls.bc. */
        XTLS,
        /** Bouncy Castle's protocol machines with its own ciphers. */
        BOUNCY_CASTLE,
        /** The JDK's SSLEngine. */
        JDK
    }

    @Param
    public Engine engine;

    @Param({"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"})
    public String suite;

    @Param({"300", "16000"})
    public int bytes;

    private Connection connection;
    private byte[] plaintext;

    @Setup
    public void connect() throws Exception {
        connection = switch (engine) {
            case XTLS -> xtls();
            case BOUNCY_CASTLE -> new BouncyCastleConnection(suite);
            case JDK ->
                new JdkConnection(
                        JdkConnection.context(Ed25519Identity.generate()),
                        JdkConnection.context(Ed25519Identity.generate()),
                        suite);
        };
        plaintext = new byte[bytes];
    }

    private Connection xtls() throws Exception {
        XtlsConnection xtls = new XtlsConnection(
                NarrowedEngine.withSuite(suite),
                Ed25519Identity.generate().credential(),
                Ed25519Identity.generate().credential());
        Connection.require(xtls.suite().equals(suite), "something else was negotiated");
        return xtls;
    }

    @Benchmark
    public Object sealAndOpen() throws Exception {
        return connection.carry(plaintext);
    }
}
