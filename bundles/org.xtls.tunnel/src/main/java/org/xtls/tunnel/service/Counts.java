package org.xtls.tunnel.service;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.xtls.Failure;
import org.xtls.runtime.CountsDTO;
import org.xtls.transport.Iq;

/** Counts what happens in all conversations, for observers. From any thread. */
final class Counts {
    private static final String XTLS = "urn:xmpp:tmp:xtls";

    private final Map<String, LongAdder> handshakes = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> closures = new ConcurrentHashMap<>();
    private final LongAdder bytesSent = new LongAdder();
    private final LongAdder bytesReceived = new LongAdder();

    void opened(String method) {
        count(handshakes, method);
    }

    void failed(Failure failure) {
        count(failures, failure.code().name());
    }

    void closed(Failure failure) {
        count(closures, failure.code().name());
    }

    void sent(Iq iq) {
        bytesSent.add(bytes(iq));
    }

    void received(Iq iq) {
        bytesReceived.add(bytes(iq));
    }

    CountsDTO describe() {
        CountsDTO dto = new CountsDTO();
        dto.handshakes = sums(handshakes);
        dto.failures = sums(failures);
        dto.closures = sums(closures);
        dto.bytesSent = bytesSent.sum();
        dto.bytesReceived = bytesReceived.sum();
        return dto;
    }

    private static void count(Map<String, LongAdder> counts, String what) {
        counts.computeIfAbsent(what, key -> new LongAdder()).increment();
    }

    private static Map<String, Long> sums(Map<String, LongAdder> counts) {
        Map<String, Long> sums = new TreeMap<>();
        counts.forEach((what, count) -> sums.put(what, count.sum()));
        return sums;
    }

    /** What a data element holds, four characters of Base64 for three bytes; nothing for every other IQ. */
    private static long bytes(Iq iq) {
        if (!(iq instanceof Iq.Request request) || !request.payload().is(XTLS, "data")) {
            return 0;
        }
        long digits = request.payload()
                .text()
                .chars()
                .filter(c -> c > ' ' && c != '=')
                .count();
        return digits * 3 / 4;
    }
}
