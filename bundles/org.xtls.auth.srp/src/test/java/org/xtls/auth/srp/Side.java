package org.xtls.auth.srp;

import static org.xtls.auth.srp.Stages.await;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.Negotiation;
import org.xtls.auth.Offer;
import org.xtls.auth.Role;
import org.xtls.password.Passwords.Use;
import org.xtls.trust.Policy;
import org.xtls.xml.Element;

/** One user with a home of its own. */
final class Side implements AutoCloseable {
    static final FullJid ROMEO = FullJid.parse("romeo@montague.lit/garden");
    static final FullJid JULIET = FullJid.parse("juliet@capulet.lit/balcony");
    static final Element CONFIRM = Element.of(Values.NAMESPACE, "confirm");

    /** As cheap as may be, and no waiting. */
    static final UnaryOperator<Settings> QUICK = settings -> new Settings(
            settings.directory(),
            settings.keyFile(),
            settings.ask(),
            settings.group(),
            new Cost(Cost.MIN_MEMORY, Cost.MIN_ITERATIONS, 1),
            settings.guesses(),
            Duration.ZERO,
            settings.codeDigits(),
            settings.codeLife(),
            settings.rfc5054());

    final FullJid jid;
    final SharedSecrets secrets;

    Side(FullJid jid, Path directory) {
        this(jid, directory, QUICK, Clock.systemUTC());
    }

    Side(FullJid jid, Path directory, UnaryOperator<Settings> changed, Clock clock) {
        this.jid = jid;
        this.secrets = new SharedSecrets(changed.apply(Settings.defaults(directory)), clock);
    }

    SrpMethod method() {
        return new SrpMethod(secrets);
    }

    void shares(String password, FullJid peer) {
        shares(password, peer, Use.BOTH);
    }

    void shares(String password, FullJid peer, Use use) {
        await(secrets.set(jid.bare(), peer.bare(), password.toCharArray(), use));
    }

    BareJid bare() {
        return jid.bare();
    }

    int guessesLeft(FullJid peer) {
        return await(secrets.list()).stream()
                .filter(held -> held.peer().equals(peer.bare()))
                .findFirst()
                .orElseThrow()
                .guessesLeft();
    }

    Negotiation negotiation(Role role, FullJid peer, Offer sent, Offer received) {
        return new Negotiation(jid, peer, role, false, Policy.DEFAULT, sent, received);
    }

    Offer offer(AuthMethod method, FullJid peer) {
        return confirming(await(method.offer(negotiation(Role.INITIATOR, peer, null, null))));
    }

    static Offer confirming(List<Element> things) {
        List<Element> all = new ArrayList<>(things);
        all.add(CONFIRM);
        return Offer.of(all);
    }

    @Override
    public void close() {
        secrets.close();
    }
}
