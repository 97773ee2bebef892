package org.xtls.tunnel.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xtls.Acknowledgement;
import org.xtls.Security;
import org.xtls.tls.Credential;

/** A peer that speaks XTLS 0.0.5 and knows nothing of offers and confirmations, with certificates, in both roles. */
class PlainPeerTest {
    private final Credential romeos = Keys.certificate("romeo");
    private final Credential juliets = Keys.certificate("juliet");

    @Test
    void a_plain_responder_gets_a_tunnel() {
        World world = world();
        RawPeer juliet = new RawPeer(world, world.romeo, juliets);
        world.romeo.open();
        juliet.settle();
        talk(world, juliet);
    }

    @Test
    void a_plain_initiator_gets_a_tunnel() {
        World world = world();
        RawPeer juliet = new RawPeer(world, world.romeo, juliets);
        juliet.start("x509");
        juliet.settle();
        talk(world, juliet);
    }

    @Test
    void a_plain_peer_may_answer_the_confirmation_that_it_knows_no_such_thing() {
        World world = world();
        RawPeer juliet = new RawPeer(world, world.romeo, juliets);
        world.romeo.open();
        juliet.settle();
        String id = juliet.allHeard().replaceFirst(".*<iq[^>]* id='([^']*)'.*", "$1");
        juliet.says("<iq type='error' id='" + id + "'><error type='cancel'>"
                + "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        assertEquals(List.of(), world.romeo.delivered, "the application has not asked");
        talk(world, juliet);
    }

    @Test
    void a_plain_peer_may_open_a_stream_inside_the_tunnel() {
        World world = world();
        RawPeer juliet = new RawPeer(world, world.romeo, juliets);
        world.romeo.open();
        juliet.settle();
        juliet.says("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
                + " from='juliet@capulet.com/balcony' version='1.0'>\n");
        talk(world, juliet);
        juliet.says("</stream:stream>");
        assertTrue(world.romeo.isUp());
    }

    private World world() {
        World world = new World();
        world.romeo.credential = () -> romeos;
        return world;
    }

    private static void talk(World world, RawPeer juliet) {
        assertTrue(world.romeo.isUp(), world.romeo.failures.toString());
        Security security = world.romeo.opened.get(0);
        assertFalse(security.offersConfirmed());
        assertEquals(Acknowledgement.LINK, security.acknowledgement());
        assertEquals("TLSv1.3", security.tls());
        long token = world.romeo.send("hello, old friend");
        juliet.settle();
        assertEquals(Acknowledgement.LINK, world.romeo.acknowledged.get(token));
        assertTrue(juliet.allHeard().endsWith("<message type='chat'><body>hello, old friend</body></message>"));
        juliet.says("<message type='chat'><body>hello, new friend</body></message>");
        assertEquals(List.of("hello, new friend"), world.romeo.bodies());
        assertTrue(world.romeo.remembered.stream().noneMatch(Action.Remember::confirmed));
    }
}
