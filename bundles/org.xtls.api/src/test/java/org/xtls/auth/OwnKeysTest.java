package org.xtls.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.xtls.BareJid;
import org.xtls.trust.KeyName;

class OwnKeysTest {
    @Test
    void a_method_that_only_names_its_keys_tells_nothing_of_how_they_stand() {
        KeyName name = new KeyName("x509", "0f".repeat(32));
        OwnKeys keys = account -> CompletableFuture.completedStage(List.of(name));
        assertEquals(
                List.of(),
                keys.held(BareJid.parse("romeo@montague.lit"))
                        .toCompletableFuture()
                        .join());
    }
}
