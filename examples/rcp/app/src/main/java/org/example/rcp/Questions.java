package org.example.rcp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.eclipse.swt.widgets.Shell;
import org.jspecify.annotations.Nullable;
import org.xtls.FullJid;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustQuestion;

/**
 * Asks one question at a time: one window that comes in place of another would take the click that was meant for it.
 * Strangers can make questions, so few wait, but for those about a peer with whom the user has asked for a tunnel.
 */
final class Questions implements TrustPrompt {
    private static final int MOST = 5;

    private final Shell shell;
    private final Predicate<FullJid> expected;
    private final Later later;
    private final Consumer<String> tell;
    private final List<Question> waiting = new ArrayList<>();
    private @Nullable Question shown;
    private @Nullable TrustDialog dialog;
    private boolean closed;

    /** Runs something on the user interface's thread, and says whether it will. */
    interface Later {
        boolean run(Runnable work);
    }

    private record Question(TrustQuestion question, CompletableFuture<TrustAnswer> answer) {}

    /**
     * @param expected whether the user waits for a tunnel with this peer
     * @param tell tells the user
     */
    Questions(Shell shell, Predicate<FullJid> expected, Later later, Consumer<String> tell) {
        this.shell = shell;
        this.expected = expected;
        this.later = later;
        this.tell = tell;
    }

    @Override
    public CompletionStage<TrustAnswer> ask(TrustQuestion question) {
        CompletableFuture<TrustAnswer> answer = new CompletableFuture<>();
        if (!take(new Question(question, answer)) || !later.run(this::next)) {
            answer.complete(TrustAnswer.REJECT);
        }
        return answer;
    }

    private synchronized boolean take(Question question) {
        FullJid peer = question.question().peer();
        boolean mine = expected.test(peer);
        boolean many = waiting.size() >= MOST
                || waiting.stream().anyMatch(one -> one.question().peer().bare().equals(peer.bare()));
        if (closed || (many && !mine)) {
            tell.accept(peer.bare() + " was refused: too many questions wait for an answer.");
            return false;
        }
        waiting.add(mine ? 0 : waiting.size(), question);
        return true;
    }

    /** On the user interface's thread. */
    private void next() {
        Question question = choose();
        if (question == null) {
            return;
        }
        if (!question.answer().isDone()) {
            dialog = new TrustDialog(shell, question.question(), question.answer());
            dialog.open();
        }
        var unused = question.answer().whenComplete((given, cancelled) -> later.run(() -> answered(question)));
    }

    private void answered(Question question) {
        if (question.answer().isCancelled()) {
            tell.accept("The question about " + question.question().peer().bare() + " is not asked any more.");
        }
        closeDialog();
        synchronized (this) {
            shown = null;
        }
        next();
    }

    private void closeDialog() {
        if (dialog != null && dialog.getShell() != null) {
            dialog.close();
        }
        dialog = null;
    }

    private synchronized @Nullable Question choose() {
        if (shown == null && !closed && !waiting.isEmpty()) {
            shown = waiting.remove(0);
            return shown;
        }
        return null;
    }

    /** Answers all that wait with no, and all that come. On the user interface's thread. */
    void close() {
        List<Question> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(waiting);
            waiting.clear();
            if (shown != null) {
                left.add(shown);
            }
        }
        left.forEach(question -> question.answer().complete(TrustAnswer.REJECT));
        closeDialog();
    }
}
