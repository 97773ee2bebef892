package org.xtls.server.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.filter.StanzaTypeFilter;
import org.jivesoftware.smack.packet.Message;
import org.jivesoftware.smack.sasl.SASLErrorException;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jivesoftware.smackx.disco.ServiceDiscoveryManager;
import org.jivesoftware.smackx.ping.PingManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real client library is content with the server. */
class SmackTest {

    private LoopbackServer server;

    @BeforeEach
    void start() throws Exception {
        server = LoopbackServer.builder()
                .user("romeo@montague.net", "pencil")
                .user("juliet@capulet.com", "pencil")
                .start();
    }

    @AfterEach
    void end() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PLAIN", "SCRAM-SHA-1"})
    void smack_logs_in_with_each_mechanism_it_knows(String mechanism) throws Exception {
        XMPPTCPConnection romeo = new XMPPTCPConnection(configuration("romeo", "montague.net", "pencil")
                .addEnabledSaslMechanism(mechanism)
                .build());
        romeo.connect().login();
        assertEquals("romeo@montague.net/smack", romeo.getUser().toString());
        assertEquals(mechanism, romeo.getUsedSaslMechansism());
        romeo.disconnect();
    }

    @Test
    void smack_is_told_of_a_wrong_password() throws Exception {
        XMPPTCPConnection romeo = new XMPPTCPConnection(
                configuration("romeo", "montague.net", "wrong").build());
        romeo.connect();
        SASLErrorException error = assertThrows(SASLErrorException.class, romeo::login);
        assertTrue(error.getMessage().contains("not-authorized"), error.getMessage());
        romeo.disconnect();
    }

    @Test
    void two_smacks_talk_across_two_domains() throws Exception {
        XMPPTCPConnection romeo = connected("romeo", "montague.net");
        XMPPTCPConnection juliet = connected("juliet", "capulet.com");
        CompletableFuture<Message> received = new CompletableFuture<>();
        juliet.addAsyncStanzaListener(stanza -> received.complete((Message) stanza), StanzaTypeFilter.MESSAGE);
        romeo.sendStanza(romeo.getStanzaFactory()
                .buildMessageStanza()
                .to(juliet.getUser())
                .setBody("O, speak again, bright angel!")
                .build());
        Message message = received.get(10, TimeUnit.SECONDS);
        assertEquals("O, speak again, bright angel!", message.getBody());
        assertEquals(romeo.getUser(), message.getFrom());
        assertTrue(PingManager.getInstanceFor(romeo).ping(juliet.getUser()));
        assertTrue(ServiceDiscoveryManager.getInstanceFor(romeo)
                .discoverInfo(romeo.getXMPPServiceDomain())
                .containsFeature("urn:xmpp:ping"));
        romeo.disconnect();
        juliet.disconnect();
    }

    private XMPPTCPConnection connected(String user, String domain) throws Exception {
        XMPPTCPConnection connection =
                new XMPPTCPConnection(configuration(user, domain, "pencil").build());
        connection.connect().login();
        return connection;
    }

    private XMPPTCPConnectionConfiguration.Builder configuration(String user, String domain, String password)
            throws Exception {
        return XMPPTCPConnectionConfiguration.builder()
                .setHost("127.0.0.1")
                .setPort(server.port())
                .setXmppDomain(domain)
                .setUsernameAndPassword(user, password)
                .setResource("smack")
                .setSecurityMode(SecurityMode.disabled);
    }
}
