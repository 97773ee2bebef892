package org.xtls.transport.smack;

import java.lang.reflect.Field;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jivesoftware.smack.AbstractXMPPConnection;
import org.jivesoftware.smackx.disco.ServiceDiscoveryManager;

/** What of ours is in a connection. Smack has no API that tells. */
final class SmackInsides {
    private static final List<String> FIELDS = List.of(
            "setIqRequestHandler",
            "getIqRequestHandler",
            "iqRequestHandlerNamespaces",
            "iqRequestHandlerNamespacesReferenceCounters",
            "syncRecvListeners",
            "asyncRecvListeners",
            "recvListeners",
            "sendListeners",
            "interceptors",
            "collectors",
            "connectionListeners");

    private SmackInsides() {}

    static List<String> ofOurs(AbstractXMPPConnection connection) {
        Stream<String> features = ServiceDiscoveryManager.getInstanceFor(connection).getFeatures().stream()
                .map(feature -> "feature " + feature);
        return Stream.concat(FIELDS.stream().flatMap(name -> field(connection, name)), features)
                .filter(content -> content.contains("org.xtls") || content.contains("urn:xmpp:tmp"))
                .toList();
    }

    private static Stream<String> field(AbstractXMPPConnection connection, String name) {
        try {
            Field field = AbstractXMPPConnection.class.getDeclaredField(name);
            field.setAccessible(true);
            Object value = field.get(connection);
            Collection<?> contents = value instanceof Map<?, ?> map ? map.entrySet() : (Collection<?>) value;
            return contents.stream().map(content -> name + " " + content);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("this Smack has another inside", e);
        }
    }
}
