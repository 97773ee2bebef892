package org.xtls.auth.x509;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.xtls.trust.SecretPrompt;
import org.xtls.trust.SecretQuestion;

/** Knows secrets: what he is asked is noted, and answered from a list; when that is at its end he does not want to say. */
final class Friar implements SecretPrompt {
    final List<SecretQuestion> asked = new ArrayList<>();
    final List<char[]> said = new ArrayList<>();
    private final Queue<String> answers = new ArrayDeque<>();

    Friar(String... answers) {
        this.answers.addAll(List.of(answers));
    }

    @Override
    public synchronized CompletionStage<Optional<char[]>> ask(SecretQuestion question) {
        asked.add(question);
        String answer = answers.poll();
        if (answer == null) {
            return CompletableFuture.completedStage(Optional.empty());
        }
        char[] secret = answer.toCharArray();
        said.add(secret);
        return CompletableFuture.completedStage(Optional.of(secret));
    }
}
