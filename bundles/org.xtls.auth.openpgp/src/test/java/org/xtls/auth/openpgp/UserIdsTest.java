package org.xtls.auth.openpgp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;

class UserIdsTest {
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.example");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "xmpp:romeo@montague.example",
                "XMPP:Romeo@Montague.Example",
                "romeo@montague.example",
                "Romeo <romeo@montague.example>",
                "Romeo Montague (of Verona) <ROMEO@montague.example>",
                "<romeo@montague.example>"
            })
    void these_are_romeo(String userId) {
        assertTrue(UserIds.names(userId, ROMEO));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "romeo",
                "montague.example",
                "xmpp:montague.example",
                "romeo@montague.example <mallory@verona.example>",
                "<romeo@montague.example> <mallory@verona.example>",
                "Romeo <romeo@montague.example> ",
                "Romeo <romeo@montague.example>, Mallory",
                "xmpp:romeo@montague.example/orchard",
                "xmpp:romeo@montague.example?message",
                "mailto:romeo@montague.example",
                "xmpp:r\u043emeo@montague.example",
                "xmpp:\uff52omeo@montague.example",
                "xmpp:romeo@montague.example\n",
                "Romeo\r\n<romeo@montague.example>",
                "Romeo \u202e<romeo@montague.example>",
                "xmpp:ro\u00admeo@montague.example",
                "xmpp:ro\u200bmeo@montague.example",
                "xmpp:romeo@verona.example"
            })
    void these_are_not(String userId) {
        assertFalse(UserIds.names(userId, ROMEO), userId);
    }

    @Test
    void names_in_other_scripts_are_names() {
        BareJid ivan = BareJid.parse("\u0438\u0432\u0430\u043d@example.org");
        assertTrue(UserIds.names("xmpp:\u0438\u0432\u0430\u043d@example.org", ivan));
        assertTrue(UserIds.objection("xmpp:\u0438\u0432\u0430\u043d@example.org", ivan)
                .isEmpty());
        assertFalse(UserIds.names("xmpp:\u0438\u0432\u0430\u043d@example.org", ROMEO));
    }

    @Test
    void a_mail_address_that_is_no_jid_is_nothing_to_object_to() {
        assertTrue(
                UserIds.objection("Romeo <romeo.montague@mail.example>", ROMEO).isEmpty());
        assertTrue(UserIds.objection("Romeo Montague", ROMEO).isEmpty());
    }
}
