package org.xtls.tests.container;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.ops4j.pax.exam.CoreOptions;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.options.UrlProvisionOption;

/** What is put into a framework, in the order of start levels that the distribution has too. */
public final class Contents {
    private Contents() {}

    /** What is there before anything else: the service loader mediator, and logging. */
    public static Option[] groundFloor() {
        return bundles(
                1,
                "org.objectweb.asm",
                "org.objectweb.asm.commons",
                "org.objectweb.asm.tree",
                "org.objectweb.asm.tree.analysis",
                "org.objectweb.asm.util",
                "org.apache.aries.spifly.dynamic.bundle",
                "slf4j.api",
                "ch.qos.logback.core",
                "ch.qos.logback.classic");
    }

    /** Declarative Services and their configuration. */
    public static Option[] componentRuntime() {
        return bundles(
                2,
                "org.osgi.util.function",
                "org.osgi.util.promise",
                "org.osgi.service.component",
                "org.osgi.service.cm",
                "org.apache.felix.configadmin",
                "org.apache.felix.scr");
    }

    /** Libraries that our bundles import. */
    public static Option[] libraries() {
        return bundles(
                2,
                "bcprov",
                "bcutil",
                "bcpkix",
                "bctls",
                "com.fasterxml.aalto-xml",
                "stax2-api",
                "jxmpp-core",
                "jxmpp-jid",
                "jxmpp-util-cache",
                "minidns-core",
                "smack-core",
                "smack-xmlparser",
                "smack-xmlparser-stax",
                "smack-tcp",
                "smack-im",
                "smack-extensions",
                "smack-streammanagement",
                "smack-java11",
                "smack-sasl-javax",
                "smack-resolver-javax");
    }

    /** Everything of ours that makes a tunnel; shell and loopback server are not part of that. */
    public static Option[] ours() {
        return bundles(
                4,
                "org.xtls.api",
                "org.xtls.tunnel",
                "org.xtls.tls.bc",
                "org.xtls.transport.smack",
                "org.xtls.connection.smack",
                "org.xtls.auth.x509",
                "org.xtls.trust.file");
    }

    /** The method {@code openpgp} and what it stands on. */
    public static Option[] openPgp() {
        return bundles(4, "bcpg", "org.xtls.auth.openpgp");
    }

    /** The methods {@code srp-psk} and {@code srp}. */
    public static Option[] srp() {
        return bundles(4, "org.xtls.auth.srp");
    }

    /** The shell and what it is made for. */
    public static Option[] shell() {
        return bundles(4, "org.apache.felix.gogo.runtime", "com.google.zxing.core", "org.xtls.shell");
    }

    /** JUnit, for tests that run inside a framework. */
    public static Option[] junit() {
        return bundles(2, "junit-jupiter-api", "junit-platform-commons", "org.opentest4j", "org.apiguardian.api");
    }

    /** Bundles by symbolic name, all at one start level. */
    public static Option[] bundles(int startLevel, String... symbolicNames) {
        return Arrays.stream(symbolicNames)
                .map(name -> bundle(ClassPathBundles.jar(name), startLevel))
                .toArray(Option[]::new);
    }

    /** Where a container keeps its state: identity and trust. */
    public static Option home(Path directory) {
        return CoreOptions.frameworkProperty("xtls.home").value(directory.toString());
    }

    /** Several groups as one. */
    public static Option[] all(Option[]... groups) {
        return Stream.of(groups).flatMap(Arrays::stream).toArray(Option[]::new);
    }

    private static UrlProvisionOption bundle(Path jar, int startLevel) {
        return CoreOptions.bundle(jar.toUri().toString()).startLevel(startLevel);
    }
}
