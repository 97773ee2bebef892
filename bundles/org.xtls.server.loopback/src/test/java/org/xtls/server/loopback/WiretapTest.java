package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WiretapTest {

    @Test
    void the_wiretap_hears_each_stanza_as_it_came_and_as_it_went_and_no_password() throws Exception {
        List<String> heard = new ArrayList<>();
        String romeo = "romeo@localhost/orchard";
        String juliet = "juliet@localhost/balcony";
        try (LoopbackServer server = LoopbackServer.builder()
                        .user("romeo@localhost", RawClient.PASSWORD)
                        .user("juliet@localhost", RawClient.PASSWORD)
                        .wiretap((direction, client, stanza) -> heard.add(direction + " " + client + " " + stanza))
                        .interceptor((stanza, self) -> Verdict.replace(stanza.without("urn:x", "secret")))
                        .start();
                RawClient first = RawClient.bound(server, romeo);
                RawClient second = RawClient.bound(server, juliet)) {
            first.send("<message  to=\"" + juliet + "\" ><x:secret xmlns:x='urn:x'>a\n&gt;</x:secret></message>");
            String went = second.stanza().xml();
            second.send("<iq type='get' id='1' to='nobody@localhost/x'><a xmlns='urn:a'/></iq>");
            String error = second.stanza().xml();
            server.kill();
            assertEquals(
                    List.of(
                            "FROM_CLIENT " + romeo + " <message xmlns='jabber:client' to='" + juliet + "' from='"
                                    + romeo + "'><secret xmlns='urn:x'>a&#10;&gt;</secret></message>",
                            "TO_CLIENT " + juliet + " " + went,
                            "FROM_CLIENT " + juliet
                                    + " <iq xmlns='jabber:client' type='get' id='1' to='nobody@localhost/x'" + " from='"
                                    + juliet + "'><a xmlns='urn:a'/></iq>",
                            "TO_CLIENT " + juliet + " " + error),
                    heard);
        }
        assertFalse(went(heard).contains("pencil"));
    }

    @Test
    void a_wiretap_that_fails_changes_nothing() throws Exception {
        try (LoopbackServer server = LoopbackServer.builder()
                        .user("romeo@localhost", RawClient.PASSWORD)
                        .start();
                RawClient client = RawClient.bound(server, "romeo@localhost/orchard")) {
            server.wiretap((direction, who, stanza) -> {
                throw new IllegalStateException();
            });
            client.awaitNothingElse();
            server.kill();
        }
    }

    private static String went(List<String> heard) {
        return String.join("\n", heard);
    }
}
