package org.xtls.tunnel.service;

import java.util.function.Supplier;
import org.osgi.service.component.ComponentException;
import org.xtls.tunnel.protocol.Settings;

/** The configuration {@code org.xtls.tunnel}, read and found sound. */
record Configured(Settings settings, int halfOpen, int halfOpenOfPeer, int tunnels, int tunnelsOfPeer, int threads) {
    static final String PID = "org.xtls.tunnel";

    private static final int MOST_TUNNELS = 1_000_000;
    private static final int MOST_THREADS = 256;

    /**
     * Reads.
     *
     * @throws IllegalArgumentException when a value is out of range or of another type; the message says which
     */
    static Configured of(TunnelSettings settings) {
        return new Configured(
                new Settings(
                        number("window", settings::window),
                        number("iqBytes", settings::iqBytes),
                        number("dataBytes", settings::dataBytes),
                        number("stanzaBytes", settings::stanzaBytes),
                        number("queueBytes", settings::queueBytes),
                        number("negotiationMillis", settings::negotiationMillis),
                        number("answerMillis", settings::answerMillis)),
                number("halfOpen", settings::halfOpen),
                number("halfOpenOfPeer", settings::halfOpenOfPeer),
                number("tunnels", settings::tunnels),
                number("tunnelsOfPeer", settings::tunnelsOfPeer),
                number("threads", settings::threads));
    }

    Configured {
        require("halfOpen", halfOpen, MOST_TUNNELS);
        require("halfOpenOfPeer", halfOpenOfPeer, MOST_TUNNELS);
        require("tunnels", tunnels, MOST_TUNNELS);
        require("tunnelsOfPeer", tunnelsOfPeer, MOST_TUNNELS);
        require("threads", threads, MOST_THREADS);
    }

    private static void require(String attribute, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(attribute + ": " + value + " is not from 1 to " + most);
        }
    }

    /** What Declarative Services throws for a value that is no number does not say which. */
    private static <T> T number(String attribute, Supplier<T> value) {
        try {
            return value.get();
        } catch (ComponentException | IllegalArgumentException e) {
            throw new IllegalArgumentException(attribute + ": not a whole number in range", e);
        }
    }
}
