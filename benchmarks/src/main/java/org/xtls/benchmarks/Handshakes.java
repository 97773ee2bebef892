package org.xtls.benchmarks;

import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.xtls.tls.Credential;
import org.xtls.tls.TlsEngine;
import org.xtls.tls.bc.BcTlsEngine;
import org.xtls.tls.bc.NarrowedEngine;

/** One full handshake, both sides of it, with Ed25519 certificates from both. */
@State(Scope.Thread)
@Measurement(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets parameters and calls @Setup before anything else
@Warmup(iterations = 1, time = 4) // far more code than in the other benchmarks waits to be compiled
// Without the property the JDK's client would make a share for secp256r1 as well.
@Fork(value = 1, jvmArgsAppend = "-Djdk.tls.namedGroups=x25519")
public class Handshakes {
    private static final String SUITE = "TLS_AES_128_GCM_SHA256";

    /** Whose handshake, with which key exchange. */
    public enum Kind {
        /** org.xtls.tls.bc as it is shipped: X25519MLKEM768, with a share for X25519 in the first flight too. */
        XTLS_X25519MLKEM768,
        /** org.xtls.tls.bc with X25519 only. */
        XTLS_X25519,
        /** The JDK's SSLEngine with X25519 only. */
        JDK_X25519
    }

    @Param
    public Kind kind;

    private Handshake handshake;

    @Setup
    public void prepare() throws Exception {
        Ed25519Identity client = Ed25519Identity.generate();
        Ed25519Identity server = Ed25519Identity.generate();
        handshake = switch (kind) {
            case XTLS_X25519MLKEM768 -> xtls(new BcTlsEngine(), "X25519MLKEM768", client, server);
            case XTLS_X25519 -> xtls(NarrowedEngine.withX25519Only(), "x25519", client, server);
            case JDK_X25519 -> jdk(client, server);
        };
    }

    @Benchmark
    public Object handshake() throws Exception {
        return handshake.complete();
    }

    private static Handshake xtls(TlsEngine engine, String group, Ed25519Identity client, Ed25519Identity server) {
        Credential clients = client.credential();
        Credential servers = server.credential();
        return () -> {
            XtlsConnection connection = new XtlsConnection(engine, clients, servers);
            Connection.require(
                    connection.group().equals(group) && connection.suite().equals(SUITE),
                    "something else was negotiated");
            return connection;
        };
    }

    private static Handshake jdk(Ed25519Identity client, Ed25519Identity server) throws Exception {
        SSLContext clients = JdkConnection.context(client);
        SSLContext servers = JdkConnection.context(server);
        return () -> new JdkConnection(clients, servers, SUITE);
    }

    private interface Handshake {
        Object complete() throws Exception;
    }
}
