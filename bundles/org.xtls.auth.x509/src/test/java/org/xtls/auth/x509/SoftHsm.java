package org.xtls.auth.x509;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.security.auth.login.LoginException;

/**
 * A token of SoftHSM (Debian: softhsm2), whose library is loaded into this JVM. It finds its files by the environment
 * variable SOFTHSM2_CONF, once: so there is one for all tests, made before the first use.
 */
final class SoftHsm {
    static final Path LIBRARY = Stream.of(
                    "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/libsofthsm2.so")
            .map(Path::of)
            .filter(Files::exists)
            .findFirst()
            .orElseThrow(() -> new AssertionError("the tests need SoftHSM (Debian: apt-get install softhsm2)"));
    static final String PIN = "1302";

    /** The number of the slot. */
    static final String SLOT = initialised();

    private SoftHsm() {}

    /** Puts a key with its chain on the token, or takes one off when there is no chain. */
    static void put(String label, PrivateKey key, X509Certificate... chain)
            throws GeneralSecurityException, IOException, LoginException {
        Provider provider = Security.getProvider("SunPKCS11")
                .configure("--name = nurse\nlibrary = \"" + LIBRARY + "\"\nslot = " + SLOT
                        + "\ndestroyTokenAfterLogout = true\n"
                        + "attributes(import, CKO_PRIVATE_KEY, *) = {\n CKA_SENSITIVE = true\n CKA_EXTRACTABLE = false\n"
                        + " CKA_SIGN = true\n}\n");
        try {
            KeyStore store = KeyStore.getInstance("PKCS11", provider);
            store.load(null, PIN.toCharArray());
            if (chain.length == 0) {
                store.deleteEntry(label);
            } else {
                store.setKeyEntry(label, key, null, chain);
            }
        } finally {
            ((AuthProvider) provider).logout();
        }
    }

    private static String initialised() {
        try {
            Path configuration = Path.of(System.getenv("SOFTHSM2_CONF"));
            Path home = configuration.getParent();
            if (Files.exists(home)) {
                try (Stream<Path> left = Files.walk(home)) {
                    left.sorted(Comparator.reverseOrder())
                            .forEach(file -> file.toFile().delete());
                }
            }
            Files.createDirectories(home.resolve("tokens"));
            Files.writeString(
                    configuration,
                    "directories.tokendir = " + home.resolve("tokens")
                            + "\nobjectstore.backend = file\nlog.level = ERROR\n");
            run("--init-token", "--free", "--label", "juliet", "--pin", PIN, "--so-pin", "rosencrantz");
            Matcher slot = Pattern.compile("Slot (\\d+)\\s(?:(?!Slot \\d)[\\s\\S])*?Label:\\s+juliet")
                    .matcher(run("--show-slots"));
            if (!slot.find()) {
                throw new AssertionError("no slot with the token");
            }
            return slot.group(1);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String run(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                Stream.concat(Stream.of("softhsm2-util"), Stream.of(arguments)).toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }
}
