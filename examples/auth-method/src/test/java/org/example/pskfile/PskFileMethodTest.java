package org.example.pskfile;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.xtls.FullJid;
import org.xtls.auth.AuthMethod;
import org.xtls.auth.AuthMethodContract;

class PskFileMethodTest extends AuthMethodContract {
    private static final byte[] KEY = HexFormat.of().parseHex("8f".repeat(16) + "3a".repeat(16));

    @TempDir
    Path home;

    private Map<Object, KeyFiles> sides;

    @BeforeEach
    void both_have_the_key() throws Exception {
        sides = Map.of(ROMEO.bare(), side("romeo", JULIET), JULIET.bare(), side("juliet", ROMEO));
    }

    private KeyFiles side(String name, FullJid peer) throws Exception {
        Path folder = Files.createDirectory(home.resolve(name));
        Path file = Files.writeString(
                folder.resolve(peer.bare() + ".psk"), HexFormat.of().formatHex(KEY));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return new KeyFiles(directory(folder));
    }

    /** The configuration as Declarative Services would hand it over. */
    static KeyFiles.Settings directory(Path folder) {
        return (KeyFiles.Settings) Proxy.newProxyInstance(
                KeyFiles.class.getClassLoader(),
                new Class<?>[] {KeyFiles.Settings.class},
                (settings, attribute, none) -> folder.toString());
    }

    @AfterEach
    void close() {
        sides.values().forEach(KeyFiles::close);
    }

    @Override
    protected String name() {
        return "psk-file";
    }

    @Override
    protected Set<String> namespaces() {
        return Set.of("urn:example:psk-file:1");
    }

    @Override
    protected AuthMethod method(FullJid local) {
        return new PskFileMethod(sides.get(local.bare()));
    }

    @Override
    protected List<byte[]> secrets() {
        return List.of(KEY);
    }
}
