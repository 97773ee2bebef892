package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.InvalidParameterException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import javax.security.auth.login.LoginException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.trust.SecretQuestion;

/**
 * Keys on a PKCS#11 token, through a provider of the JDK's that is never registered. Each negotiation looks whether the
 * key is still there; a token that has been away is opened anew.
 */
final class TokenKeys implements IdentitySource {
    private static final Logger LOG = LoggerFactory.getLogger(TokenKeys.class);
    private static final String STORE = "PKCS11";

    /** The JDK's thread that waits for a token to be put in bears the provider's name. */
    private static final String WAITING = "Poller-";

    /** A token locks itself after three or more wrong PINs in a row. One try is left to the user's other programs. */
    private static final int MOST_WRONG_PINS = 2;

    private final Path library;
    private final String slot;
    private final String alias;
    private final char[] pin;
    private final Clock clock;
    private final ExpiryWarning warning;
    private final Answers answers = new Answers();
    private final Map<String, Identity> known = new HashMap<>();
    private final String origin;
    private final Semaphore turns = new Semaphore(KeySigner.Token.TURNS);
    private @Nullable Provider provider;
    private @Nullable KeyStore store;
    private boolean configuredPinIsWrong;
    private int wrongPins;

    /**
     * Keys on a token.
     *
     * @param slot the number of its slot, or empty for the first one
     * @param alias the label of the certificate, which may have the account in it; empty for the only one
     * @param pin the PIN, or empty
     */
    TokenKeys(Path library, String slot, String alias, String pin, Clock clock) {
        this.library = library;
        this.slot = slot;
        this.alias = alias;
        this.pin = pin.toCharArray();
        this.clock = clock;
        this.warning = new ExpiryWarning(clock);
        this.origin = "token in " + (slot.isEmpty() ? "the first slot" : "slot " + slot) + " of " + library;
    }

    @Override
    public List<Identity> identities(BareJid account) throws XtlsException, SecretWanted {
        String wanted = alias.replace(PathPattern.ACCOUNT, account.toString());
        Identity identity;
        try {
            identity = find(wanted, account);
        } catch (ProviderException | GeneralSecurityException e) {
            LOG.info("own {} is opened anew: {}", origin, root(e));
            letGo();
            try {
                identity = find(wanted, account);
            } catch (ProviderException | GeneralSecurityException again) {
                letGo();
                throw UnusableKey.because(
                        origin, "does not answer: " + root(again), "Put it in, and see that nobody else holds it.");
            }
        }
        if (!identity.current(clock)) {
            throw identity.notNow("Put a renewed one on the token.");
        }
        warning.look(identity);
        return List.of(identity);
    }

    @Override
    public void answer(String of, char[] secret) {
        answers.put(of, secret);
    }

    @Override
    public void close() {
        letGo();
        answers.close();
        Arrays.fill(pin, '\0');
    }

    private Identity find(String wanted, BareJid account) throws XtlsException, SecretWanted, GeneralSecurityException {
        Provider token = provider();
        KeyStore keys = store;
        if (keys == null) {
            keys = open(token, account);
            store = keys;
        } else if (key(keys, chosen(keys, wanted)) == null) {
            // The list of what is on the token is made when it is loaded; the login lasts, or is made again.
            keys = open(token, account);
            store = keys;
        }
        String name = chosen(keys, wanted);
        if (name.isEmpty()) {
            throw missing(wanted, keys);
        }
        PrivateKey privateKey = key(keys, name);
        if (privateKey == null) {
            throw missing(name, keys);
        }
        List<X509Certificate> chain = chain(keys.getCertificateChain(name));
        Identity before = known.get(name);
        String where = "key '" + name + "' on the " + origin;
        if (before != null && !chain.isEmpty() && before.certificate().equals(chain.get(0))) {
            return before.again(privateKey, new KeySigner.Token(token, turns));
        }
        Identity identity = Identity.onToken(where, chain, privateKey, new KeySigner.Token(token, turns));
        known.put(name, identity);
        LOG.info("own certificate found: {}", identity);
        return identity;
    }

    private @Nullable PrivateKey key(KeyStore keys, String name) throws XtlsException, GeneralSecurityException {
        try {
            return !name.isEmpty() && keys.getKey(name, null) instanceof PrivateKey key ? key : null;
        } catch (ProviderException e) {
            if (root(e).contains("unknown key type")) {
                throw UnusableKey.because(
                        origin,
                        "holds '" + name + "' as a key of a kind that this Java cannot use on a token",
                        "Put one for ECDSA on P-256 or P-384, or for RSA, on it.");
            }
            throw e;
        }
    }

    /** The only one that will do, or empty. */
    private static String chosen(KeyStore keys, String wanted) throws KeyStoreException {
        List<String> names = names(keys);
        if (wanted.isEmpty()) {
            return names.size() == 1 ? names.get(0) : "";
        }
        return names.contains(wanted) ? wanted : "";
    }

    private static List<String> names(KeyStore keys) throws KeyStoreException {
        List<String> names = new ArrayList<>();
        for (String name : Collections.list(keys.aliases())) {
            if (keys.isKeyEntry(name)) {
                names.add(name);
            }
        }
        return names;
    }

    private XtlsException missing(String wanted, KeyStore keys) throws KeyStoreException {
        List<String> names = names(keys);
        if (wanted.isEmpty() && names.size() > 1) {
            return UnusableKey.because(
                    origin,
                    "holds several keys: " + String.join(", ", names),
                    "Set pkcs11.alias of " + Identities.PID + " to one of them.");
        }
        return UnusableKey.because(
                origin,
                "holds no " + (wanted.isEmpty() ? "private key" : "private key '" + wanted + "'")
                        + " with a certificate of the same ID",
                "Look with: pkcs11-tool --module " + library + " --login --list-objects.");
    }

    private static List<X509Certificate> chain(Certificate @Nullable [] certificates) {
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : certificates == null ? new Certificate[0] : certificates) {
            if (certificate instanceof X509Certificate x509) {
                chain.add(x509);
            }
        }
        return chain;
    }

    private Provider provider() throws XtlsException {
        Provider made = provider;
        // One without a token waits for it by itself. One that has lost it is of no use any more: letGo.
        if (made == null) {
            made = configured();
            provider = made;
        }
        if (made.getService("KeyStore", STORE) == null) {
            if (store != null) {
                letGo();
                return provider();
            }
            throw UnusableKey.because(origin, "is not there", "Put it in.");
        }
        return made;
    }

    private Provider configured() throws XtlsException {
        if (!Files.isRegularFile(library)) {
            throw UnusableKey.because(origin, "cannot be reached: the library does not exist");
        }
        Provider unconfigured = Security.getProvider("SunPKCS11");
        if (unconfigured == null) {
            throw UnusableKey.because(
                    origin,
                    "cannot be reached: this Java has no provider SunPKCS11",
                    "Run with a Java that has the module jdk.crypto.cryptoki.");
        }
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        try {
            return unconfigured.configure("--name = xtls" + HexFormat.of().formatHex(random) + "\n"
                    + "library = \"" + library.toString().replace("\\", "\\\\") + "\"\n"
                    + (slot.isEmpty() ? "slotListIndex = 0" : "slot = " + slot) + "\n"
                    + "destroyTokenAfterLogout = true\n");
        } catch (InvalidParameterException | ProviderException | UnsupportedOperationException e) {
            String reason = root(e);
            throw reason.contains("CKR_SLOT_ID_INVALID")
                    ? UnusableKey.because(
                            origin,
                            "cannot be reached: there is no such slot",
                            "Look with: pkcs11-tool --module " + library + " --list-slots.")
                    : UnusableKey.because(origin, "cannot be opened: " + reason);
        }
    }

    private KeyStore open(Provider token, BareJid account)
            throws XtlsException, SecretWanted, GeneralSecurityException {
        char[] answer = answers.get(origin);
        boolean configured = pin.length > 0 && !configuredPinIsWrong;
        char[] secret = configured ? pin : answer;
        if (secret == null || wrongPins < MOST_WRONG_PINS) {
            try {
                return load(token, secret);
            } catch (WrongSecret e) {
                configuredPinIsWrong |= configured;
                wrongPins += secret == null ? 0 : 1;
            }
        }
        answers.forget(origin);
        if (wrongPins >= MOST_WRONG_PINS) {
            throw UnusableKey.because(
                    origin,
                    "has been given " + wrongPins + " wrong PINs",
                    "It may lock itself after one more: no other is tried before the configuration " + Identities.PID
                            + " is changed or the bundle is started anew.");
        }
        String before = "";
        if (answer != null) {
            before = "That PIN is wrong.";
        } else if (configuredPinIsWrong) {
            before = "The configured PIN is wrong.";
        }
        throw new SecretWanted(
                new SecretQuestion(SecretQuestion.Kind.PIN, account, Optional.empty(), origin, before),
                UnusableKey.failure(
                        origin,
                        before.isEmpty() ? "wants a PIN that is not known" : "has been given a wrong PIN",
                        "Set .pkcs11.pin of " + Identities.PID + ", or answer when you are asked for it."));
    }

    private KeyStore load(Provider token, char @Nullable [] secret)
            throws WrongSecret, XtlsException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(STORE, token);
        try {
            keys.load(null, secret);
            wrongPins = 0;
            return keys;
        } catch (IOException e) {
            String reason = root(e);
            if (reason.contains("CKR_PIN_LOCKED")) {
                throw UnusableKey.because(
                        origin, "has locked itself after too many wrong PINs", "Unlock it with its own tools.");
            }
            if (secret == null || reason.contains("CKR_PIN_")) {
                throw new WrongSecret();
            }
            throw new KeyStoreException(reason, e);
        }
    }

    private void letGo() {
        Provider former = provider;
        provider = null;
        store = null;
        known.clear();
        if (former == null) {
            return;
        }
        try {
            ((AuthProvider) former).logout();
        } catch (LoginException | ProviderException e) {
            LOG.debug("own {}: {}", origin, root(e));
        }
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(WAITING + former.getName()))
                .forEach(Thread::interrupt);
    }

    private static String root(Throwable failure) {
        Throwable root = failure;
        for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
