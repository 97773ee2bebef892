package org.xtls.shell;

import java.util.Map;
import java.util.TreeMap;

/** What help shows of each command; the first line is its syntax. */
final class Usage {
    static final String CONNECT = """
            connect JID --password P [--host H] [--port N] [--resource R] [--server-tls required|disabled|pin:SHA256]
              Logs in to an XMPP server and waits until tunnels can be made from there.
              --host, --port   where the server is; without --host it is found by the domain's SRV records
              --resource       the resource asked for; without it the server chooses one
              --server-tls     required: TLS, certificate vouched for by the JDK's trust store (the default)
                               disabled: no TLS, for a server on this machine
                               pin:SHA256: TLS with exactly the certificate of this fingerprint
            """;

    static final String DISCONNECT = """
            disconnect
              Logs out of every XMPP server. Tunnels end.
            """;

    static final String IDENTITY = """
            identity
              Shows the own accounts with the fingerprints that they prove themselves with, as text and as a QR code.
              Read them to your peer over a channel that nobody can fake; the peer then says: trust JID METHOD FINGERPRINT
            """;

    static final String TRUST = """
            trust [JID [METHOD FINGERPRINT]]
              Says that a key belongs to a peer: from now on a tunnel that proves it is verified, and an open one that
              stands on it becomes so. Without a fingerprint it shows the keys that are known and how they came to it;
              without a peer, the keys of all.
              JID              the peer's account; a resource is left out
              METHOD           the authentication method, such as x509
              FINGERPRINT      as the peer's "identity" shows it; blanks and colons are ignored
            """;

    static final String DISTRUST = """
            distrust JID [FINGERPRINT]
              Takes trust back: the key is refused for this peer from now on. Without a fingerprint all that are known.
              An open tunnel that stands on it ends.
            """;

    static final String TRUST_EXPORT = """
            trust-export FILE
              Writes the keys that are known of all peers to a new file, for another container to import.
            """;

    static final String TRUST_IMPORT = """
            trust-import FILE
              Takes over the keys in a file that trust-export wrote. Nothing is weakened by it: what is distrusted in
              either place is distrusted afterwards. Only take what comes from somebody whose word you would take.
            """;

    static final String PAIR = """
            pair JID [CODE] [--account JID]
              Two who share nothing yet: one makes a code, tells it to the other by voice or shows it, the other enters it.
              The next tunnel between them, opened by either side, is verified by it; their keys go through that tunnel,
              so that later ones need no code. A code is good for some minutes, one tunnel and three failures.
              JID              the peer's account
              CODE             the digits that the peer's "pair" shows; blanks are ignored. Without it a code is made
              --account        which of your accounts, where more than one is logged in
            """;

    static final String PASSWORD = """
            password JID [PASSWORD] [--use both|answer] [--account JID]
              Keeps a password that you share with a peer, who keeps the same for you: tunnels are verified by it as long as
              no key is known. It replaces one that was kept, with all its guesses. "pair" is easier for a first contact.
              JID              the peer's account
              PASSWORD         1 to 256 characters; quote it if it holds blanks. Without it you are asked for it, unseen
              --use            both: for tunnels that either side begins (the default)
                               answer: for tunnels that the peer begins; what is kept cannot be read, only guessed
              --account        which of your accounts, where more than one is logged in
            """;

    static final String PASSWORDS = """
            passwords
              Lists the passwords and pairing codes that are held, with how often each can still be tried, but not
              what they are.
            """;

    static final String FORGET = """
            forget JID [--account JID]
              Forgets the password and the pairing code for a peer. Keys that are known stay: see distrust.
              --account        for this one of your accounts only
            """;

    static final String UNLOCK = """
            unlock JID
              Gives the password for a peer all its guesses again, when wrong ones have made it wait or locked it. Ask the
              peer first: somebody may be trying passwords.
            """;

    static final String VERIFY = """
            verify FULLJID
              Verifies an unverified tunnel by a password or pairing code that both sides hold, or are asked for; it is not
              sent. The key that the tunnel stands on is verified then, on both sides.
              FULLJID          the peer with its resource, as "tunnels" shows it
            """;

    static final String POLICY = """
            policy [KEY VALUE | rule PATTERN: STATEMENTS | no-rule PATTERN]
              Shows what is wanted of tunnels, or changes one value or rule of it and waits until it is in force.
              first-use reject|ask|accept           a peer whose key nobody vouches for: no tunnel, ask, or an
                                                    unverified tunnel; ask is reject where nobody can be asked
              require-confirmed-offers true|false   whether peers that do not confirm offers are refused
              rule             what is wanted of some peers; quote it: policy rule '*.example.org: require verified'
                PATTERN        a JID, a domain, *.DOMAIN for all below it, or *; the more specific one decides
                STATEMENTS     separated by commas: require verified, require confirmed, require METHOD...,
                               never METHOD..., prefer METHOD..., first-use reject|ask|accept, bootstrap yes|no,
                               recheck yes|no; allow unverified, allow unconfirmed, allow any take back
            """;

    static final String METHODS = """
            methods
              Lists the authentication methods that are installed, the preferred one first.
            """;

    static final String OPEN = """
            open FULLJID
              Opens a tunnel to a peer, or shows the one that is open.
              FULLJID          the peer with its resource, such as juliet@capulet.com/balcony
            """;

    static final String TUNNELS = """
            tunnels
              Lists the tunnels and the negotiations under way.
            """;

    static final String SEND = """
            send FULLJID TEXT
              Sends a chat message through the tunnel to a peer and waits until its arrival is acknowledged.
              TEXT             quote it ('...') if it holds characters that the shell would interpret
            """;

    static final String SEND_XML = """
            send-xml FULLJID XML
              Sends a stanza through the tunnel to a peer and waits until its arrival is acknowledged.
              XML              a message, presence or iq, in single quotes; from and to are stripped
            """;

    static final String RECEIVE = """
            receive [--timeout S]
              Prints the next stanza that came out of a tunnel: its peer and trust on one line, its XML on the next.
              Fails when none has come in time.
              --timeout        seconds, 0 to 86400, default 60; 0 takes only what is there already
            """;

    static final String ECHO = """
            echo on|off
              Whether every chat message is answered with its own text, through the tunnel it came from.
            """;

    static final String CLOSE = """
            close FULLJID
              Closes the tunnel to a peer.
            """;

    static final String ANSWER = """
            answer N [yes|no|verified] [--password SECRET]
              Answers a question about a peer's key, or for a secret.
              yes              take it, as a first use that nobody has compared: the tunnel is unverified
              no               refuse it; nothing is remembered. To a question for a secret: not now
              verified         you have compared the fingerprint: it is the peer's
              (nothing)        to a question for a secret: asks for it without showing it
              --password       the secret, where the terminal cannot do that
            """;

    static final String HELP = """
            help [COMMAND]
              Lists the commands of XTLS, or shows how one is used.
            """;

    static final Map<String, String> BY_COMMAND = byCommand(
            CONNECT,
            DISCONNECT,
            IDENTITY,
            TRUST,
            DISTRUST,
            TRUST_EXPORT,
            TRUST_IMPORT,
            PAIR,
            PASSWORD,
            PASSWORDS,
            FORGET,
            UNLOCK,
            VERIFY,
            POLICY,
            METHODS,
            OPEN,
            TUNNELS,
            SEND,
            SEND_XML,
            RECEIVE,
            ECHO,
            CLOSE,
            ANSWER,
            HELP);

    private Usage() {}

    static String syntax(String usage) {
        return usage.lines().findFirst().orElse("");
    }

    private static Map<String, String> byCommand(String... usages) {
        Map<String, String> byCommand = new TreeMap<>();
        for (String usage : usages) {
            byCommand.put(syntax(usage).split(" ", 2)[0], usage);
        }
        return byCommand;
    }
}
