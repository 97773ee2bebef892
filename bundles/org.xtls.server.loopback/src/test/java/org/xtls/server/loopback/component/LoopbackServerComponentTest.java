package org.xtls.server.loopback.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.xtls.server.loopback.LoopbackServer;
import org.xtls.server.loopback.Stanza;
import org.xtls.server.loopback.Wiretap;

class LoopbackServerComponentTest {

    private final List<LoopbackServer> registered = new ArrayList<>();
    private final List<Object> ports = new ArrayList<>();

    @Test
    void a_configuration_starts_a_server_and_registers_it_with_its_port() throws Exception {
        LoopbackServerComponent component = component(Map.of("users", new String[] {"romeo@montague.net=a=b"}));
        LoopbackServer server = registered.get(0);
        assertEquals(List.of(server.port()), ports);
        new Socket("127.0.0.1", server.port()).close();
        component.deactivate();
        assertTrue(registered.isEmpty());
        assertThrows(IOException.class, () -> new Socket("127.0.0.1", server.port()).close());
    }

    static Stream<Map<String, Object>> wrong() {
        return Stream.of(
                Map.of("port", -1),
                Map.of("port", 65_536),
                Map.of("port", "many"),
                Map.of("stanzaLimit", 1_023),
                Map.of("stanzaLimit", 16_777_217),
                Map.of("everyoneSeesEveryone", "perhaps"),
                Map.of("domains", new String[] {"romeo@montague.net"}),
                Map.of("users", new String[] {"hunter2"}),
                Map.of("wiretap", "\0"),
                Map.of("wiretap", "/no/such/folder/trace"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void a_wrong_configuration_starts_nothing_until_it_is_corrected_and_changes_nothing_later(Map<String, Object> wrong)
            throws Exception {
        LoopbackServerComponent component = component(wrong);
        assertTrue(registered.isEmpty());
        component.modified(configuration(Map.of()), Map.of());
        assertEquals(1, registered.size());
        component.modified(configuration(wrong), Map.of());
        assertEquals(1, registered.size());
        new Socket("127.0.0.1", registered.get(0).port()).close();
        component.deactivate();
    }

    @Test
    void the_defaults_are_those_of_the_server() {
        assertEquals("true", configuration(Map.of()).everyoneSeesEveryone());
        assertEquals(256 * 1024, configuration(Map.of()).stanzaLimit());
    }

    @Test
    void a_changed_configuration_starts_the_server_anew() throws Exception {
        LoopbackServerComponent component = component(Map.of());
        LoopbackServer before = registered.get(0);
        component.modified(configuration(Map.of("domains", new String[] {"verona.it"})), Map.of());
        assertEquals(1, registered.size());
        assertNotEquals(before, registered.get(0));
        component.deactivate();
    }

    @Test
    void a_wrong_change_leaves_the_server_as_it_is() throws Exception {
        LoopbackServerComponent component = component(Map.of());
        LoopbackServer before = registered.get(0);
        component.modified(configuration(Map.of("port", -1)), Map.of());
        assertEquals(List.of(before), registered);
        component.deactivate();
    }

    @Test
    void a_change_to_a_port_that_is_taken_brings_the_server_back_as_it_was() throws Exception {
        LoopbackServerComponent component = component(Map.of());
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            component.modified(configuration(Map.of("port", taken.getLocalPort())), Map.of());
            assertEquals(1, registered.size());
            new Socket("127.0.0.1", registered.get(0).port()).close();
        }
        component.deactivate();
    }

    @Test
    void a_trace_has_one_line_for_each_stanza_is_appended_to_and_is_its_owners(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("trace");
        for (int i = 0; i < 2; i++) {
            try (TraceFile trace = TraceFile.open(file)) {
                trace.seen(
                        Wiretap.Direction.FROM_CLIENT,
                        "romeo@montague.net/orchard",
                        Stanza.parse("<message>\n</message>"));
            }
        }
        String line = "FROM_CLIENT romeo@montague.net/orchard <message xmlns='jabber:client'>&#10;</message>";
        assertEquals(List.of(line, line), Files.readAllLines(file));
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        }
    }

    private LoopbackServerComponent component(Map<String, Object> values) {
        BundleContext context = proxy(BundleContext.class, (method, arguments) -> register(arguments));
        return new LoopbackServerComponent(context, configuration(values), Map.of());
    }

    private ServiceRegistration<?> register(Object[] arguments) {
        registered.add((LoopbackServer) arguments[1]);
        ports.add(((Dictionary<?, ?>) arguments[2]).get("port"));
        return proxy(ServiceRegistration.class, (method, none) -> {
            registered.remove(arguments[1]);
            return null;
        });
    }

    private static LoopbackServerConfiguration configuration(Map<String, Object> values) {
        return proxy(LoopbackServerConfiguration.class, (method, none) -> {
            Method attribute = LoopbackServerConfiguration.class.getMethod(method);
            Object value = values.getOrDefault(method, attribute.getDefaultValue());
            if (attribute.getReturnType() == int.class && !(value instanceof Integer)) {
                throw new IllegalStateException("cannot be turned into an int"); // as Declarative Services do
            }
            return value;
        });
    }

    private interface Call {
        Object answer(String method, Object[] arguments) throws Exception;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> call.answer(method.getName(), arguments)));
    }
}
