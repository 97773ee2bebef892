package org.example.rcp;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xtls.Tunnel;

/**
 * What was said between two ends. Used on the user interface's thread only. Peers decide how many there are and how much
 * they say, so everything has a bound.
 */
final class Conversations {
    private static final int MOST = 50;
    private static final int MOST_LINES = 200;
    private static final int LONGEST = 2_000;

    /** The one used last is the last. */
    private final Map<Ends, Conversation> all = new LinkedHashMap<>(16, 0.75f, true);

    /** One thing said; its state can still change. */
    static final class Line {
        private final String text;
        private String state;

        private Line(String text, String state) {
            this.text = text;
            this.state = state;
        }

        void become(String now) {
            state = now;
        }
    }

    /** Between two ends, over one tunnel or several. */
    static final class Conversation {
        private final Deque<Line> lines = new ArrayDeque<>();
        private String security = "";

        /** What is typed and not sent. */
        String draft = "";

        /** Says once for each tunnel, and when its security changes, how what follows was secured. */
        Line add(Tunnel tunnel, String who, String text, String state) {
            String now = tunnel.id() + ": " + Lock.line(tunnel.security());
            if (!security.equals(now)) {
                security = now;
                put(new Line("— tunnel " + now + " —", ""));
            }
            return put(new Line(who + ": " + printable(text), state));
        }

        private Line put(Line line) {
            lines.add(line);
            if (lines.size() > MOST_LINES) {
                lines.remove();
            }
            return line;
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            for (Line line : lines) {
                text.append(line.text);
                text.append(line.state.isEmpty() ? "\n" : "  (" + line.state + ")\n");
            }
            return text.toString();
        }
    }

    Conversation with(Ends ends) {
        return all.computeIfAbsent(ends, first -> new Conversation());
    }

    /** Forgets the ones used least, but not the one that is looked at. */
    void bound(@Nullable Ends shown) {
        for (Iterator<Ends> eldest = all.keySet().iterator(); all.size() > MOST && eldest.hasNext(); ) {
            if (!eldest.next().equals(shown)) {
                eldest.remove();
            }
        }
    }

    /** One line: no breaks, nothing that moves text about, no more than can be looked at. */
    private static String printable(String text) {
        String line = text.strip().replaceAll("\\R", " ⏎ ").replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "");
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }
}
