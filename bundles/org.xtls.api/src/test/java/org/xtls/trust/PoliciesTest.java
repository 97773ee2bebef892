package org.xtls.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xtls.BareJid;
import org.xtls.trust.Policies.Rule;
import org.xtls.trust.Policy.FirstUse;

class PoliciesTest {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.lit");
    private static final BareJid NURSE = BareJid.parse("nurse@house.capulet.lit");
    private static final BareJid ROMEO = BareJid.parse("romeo@montague.lit");

    @Test
    void the_most_specific_rule_decides_and_the_next_one_fills_in() {
        Policies policies = rules(
                "*: require verified, first-use reject, bootstrap no",
                "*.capulet.lit: never srp-psk",
                "capulet.lit: first-use accept, prefer openpgp",
                "juliet@capulet.lit: allow unverified, require x509 openpgp");

        Policy juliet = policies.of(JULIET);
        assertFalse(juliet.requireVerified());
        assertEquals(Set.of("x509", "openpgp"), juliet.only());
        assertEquals(FirstUse.ACCEPT, juliet.firstUse());
        assertEquals(List.of("openpgp"), juliet.prefer());
        assertFalse(juliet.bootstrap());

        Policy nurse = policies.of(NURSE);
        assertTrue(nurse.requireVerified());
        assertFalse(nurse.allows("srp-psk"));
        assertTrue(nurse.allows("x509"));
        assertEquals(FirstUse.REJECT, nurse.firstUse());

        assertTrue(policies.of(ROMEO).allows("srp-psk"));
    }

    @Test
    void without_rules_the_general_policy_is_everybodys() {
        Policies policies = Policies.of(Map.of("first-use", "accept", "require-confirmed-offers", true));
        assertEquals(Policy.DEFAULT.with(FirstUse.ACCEPT).withConfirmedOffers(true), policies.of(ROMEO));
        assertEquals(Policies.DEFAULT, Policies.of(Map.of()));
        assertTrue(Policy.DEFAULT.bootstrap());
        assertTrue(Policy.DEFAULT.recheck());
    }

    @ParameterizedTest
    @CsvSource({
        "juliet@capulet.lit, true, false, false",
        "JULIET@Capulet.LIT, true, false, false",
        "capulet.lit, true, false, false",
        "*.capulet.lit, false, true, false",
        "*.lit, true, true, true",
        "*.house.capulet.lit, false, false, false",
        "*, true, true, true",
        "apulet.lit, false, false, false",
    })
    void a_pattern_is_an_address_a_domain_what_is_below_one_or_everybody(
            String pattern, boolean juliet, boolean nurse, boolean romeo) {
        Rule rule = Rule.parse(pattern + ": require verified");
        assertEquals(juliet, rule.matches(JULIET));
        assertEquals(nurse, rule.matches(NURSE));
        assertEquals(romeo, rule.matches(ROMEO));
    }

    @Test
    void the_longer_of_two_domains_goes_first() {
        Policies policies = rules("*.lit: first-use accept", "*.capulet.lit: first-use reject");
        assertEquals(FirstUse.REJECT, policies.of(NURSE).firstUse());
        assertEquals(FirstUse.ACCEPT, policies.of(JULIET).firstUse());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "require verified",
                "allow unverified",
                "require confirmed",
                "allow unconfirmed",
                "require x509",
                "require x509 openpgp",
                "allow any",
                "never srp srp-psk",
                "prefer openpgp x509",
                "first-use reject",
                "first-use ask",
                "first-use accept",
                "bootstrap yes",
                "bootstrap no",
                "recheck yes",
                "recheck no",
            })
    void every_statement_is_read_as_it_is_written(String statement) {
        Rule rule = Rule.parse("  *.capulet.lit :  " + statement.toUpperCase(java.util.Locale.ROOT) + " ");
        assertEquals("*.capulet.lit: " + statement, rule.toString());
        assertEquals(rule, Rule.parse(rule.toString()));
    }

    @Test
    void what_one_rule_asks_for_another_takes_back() {
        Policies policies = rules(
                "*: require verified, require confirmed, require x509, never srp, bootstrap no, recheck no",
                "montague.lit: allow unverified, allow unconfirmed, allow any, bootstrap yes, recheck yes");
        assertEquals(Policy.DEFAULT, policies.of(ROMEO));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "*:",
                "*: ",
                "*: require",
                "*: require x509 verified",
                "*: require x509, ",
                "*: require X_509",
                "*: never",
                "*: prefer",
                "*: allow",
                "*: allow x509",
                "*: first-use",
                "*: first-use maybe",
                "*: bootstrap",
                "*: bootstrap true",
                "*: trust everybody",
                "*.juliet@capulet.lit: require verified",
                "*capulet.lit: require verified",
                "juliet@capulet.lit/balcony: require verified",
                "ju liet@capulet.lit: require verified",
                ": require verified",
            })
    void what_is_no_rule_is_refused(String line) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> Rule.parse(line), () -> line + " was taken");
        assertFalse(refusal.getMessage().isBlank());
    }

    @Test
    void two_rules_for_one_pattern_contradict_each_other() {
        assertThrows(
                IllegalArgumentException.class,
                () -> rules("capulet.lit: require verified", "CAPULET.lit: allow unverified"));
    }

    @Test
    void a_configuration_holds_rules_as_an_array_a_collection_or_one_line() {
        String line = "capulet.lit: require verified";
        for (Object value : List.of(new String[] {line, " "}, List.of(line), line)) {
            assertEquals(
                    List.of(Rule.parse(line)),
                    Policies.of(Map.of("rules", value)).rules());
        }
    }

    private static Policies rules(String... lines) {
        return Policies.of(Map.of(Policies.RULES, lines));
    }
}
