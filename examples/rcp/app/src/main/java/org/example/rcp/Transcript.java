package org.example.rcp;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** What was said with each peer. Used on the user interface's thread only. */
final class Transcript {
    /** Peers decide how many there are and how much they say. */
    private static final int MOST_PEERS = 100;

    private static final int MOST_LINES = 500;

    private final Map<String, Deque<Line>> lines = new LinkedHashMap<>();

    /** One thing said; its state can still change. */
    static final class Line {
        private final String who;
        private final String text;
        private String state;

        private Line(String who, String text, String state) {
            this.who = who;
            this.text = text;
            this.state = state;
        }

        void become(String now) {
            state = now;
        }

        @Override
        public String toString() {
            // Indented: nobody can write lines that look like another's.
            return who + ": " + text.strip().replaceAll("\\R", "\n    ") + (state.isEmpty() ? "" : "  (" + state + ")");
        }
    }

    Line add(String peer, String who, String text, String state) {
        Line line = new Line(who, text, state);
        Deque<Line> said = lines.computeIfAbsent(peer, first -> new ArrayDeque<>());
        said.add(line);
        if (said.size() > MOST_LINES) {
            said.remove();
        }
        if (lines.size() > MOST_PEERS) {
            Iterator<String> eldest = lines.keySet().iterator();
            eldest.next();
            eldest.remove();
        }
        return line;
    }

    String with(String peer) {
        StringBuilder text = new StringBuilder();
        lines.getOrDefault(peer, new ArrayDeque<>())
                .forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }
}
