package org.example.rcp;

import java.util.concurrent.CompletableFuture;
import org.eclipse.jface.dialogs.IDialogConstants;
import org.eclipse.jface.dialogs.TitleAreaDialog;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Text;
import org.xtls.trust.KnownKey;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustQuestion;

/**
 * Asks whether a key is the peer's. Closing the window is a no, and no is what Enter says. A yes that lasts takes two
 * steps: the window may come just when somebody clicks on something else.
 */
final class TrustDialog extends TitleAreaDialog {
    private static final int VERIFIED = IDialogConstants.CLIENT_ID;
    private static final int UNVERIFIED = VERIFIED + 1;
    private static final int WIDTH = 480;

    private final TrustQuestion question;
    private final CompletableFuture<TrustAnswer> answer;

    TrustDialog(Shell parent, TrustQuestion question, CompletableFuture<TrustAnswer> answer) {
        super(parent);
        this.question = question;
        this.answer = answer;
        // The answer is waited for elsewhere; other windows can be used meanwhile.
        setShellStyle(SWT.DIALOG_TRIM | SWT.MODELESS | SWT.RESIZE);
        setBlockOnOpen(false);
    }

    @Override
    protected void configureShell(Shell shell) {
        super.configureShell(shell);
        shell.setText("Whose key is this?");
        // However it goes: closed, or with the window above it.
        shell.addDisposeListener(event -> answer.complete(TrustAnswer.REJECT));
    }

    @Override
    protected Control createDialogArea(Composite parent) {
        setTitle(question.peer().bare().toString());
        setMessage("proves to hold a key that nobody vouches for.");

        Composite area = (Composite) super.createDialogArea(parent);
        Composite content = new Composite(area, SWT.NONE);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(content);
        GridLayoutFactory.fillDefaults().margins(12, 12).spacing(8, 12).applyTo(content);
        if (!question.concern().isEmpty()) {
            text(content, "Beware: " + question.concern());
        }
        StringBuilder keys = new StringBuilder(
                question.key().method() + "\n" + question.key().grouped());
        for (KnownKey known : question.known().keys()) {
            keys.append("\nknown, ")
                    .append(known.state())
                    .append(": ")
                    .append(known.name().method());
            keys.append('\n').append(known.name().grouped());
        }
        Text fingerprint = new Text(content, SWT.READ_ONLY | SWT.MULTI | SWT.WRAP | SWT.BORDER | SWT.V_SCROLL);
        fingerprint.setText(keys.toString());
        fingerprint.setFont(JFaceResources.getTextFont());
        GridDataFactory.fillDefaults().grab(true, true).hint(WIDTH, 64).applyTo(fingerprint);
        text(
                content,
                "Compare it with what the peer is shown as its own, by telephone or face to face: a server in between"
                        + " could be at both ends of an unverified tunnel.");
        Button compared = new Button(content, SWT.CHECK);
        compared.setText("I have compared it");
        compared.addListener(SWT.Selection, event -> getButton(VERIFIED).setEnabled(compared.getSelection()));
        return area;
    }

    private static void text(Composite parent, String text) {
        Label label = new Label(parent, SWT.WRAP);
        label.setText(text);
        GridDataFactory.fillDefaults()
                .grab(true, false)
                .hint(WIDTH, SWT.DEFAULT)
                .applyTo(label);
    }

    @Override
    protected void createButtonsForButtonBar(Composite parent) {
        createButton(parent, VERIFIED, "It is the same", false).setEnabled(false);
        createButton(parent, UNVERIFIED, "Go on unverified", false);
        createButton(parent, IDialogConstants.CANCEL_ID, IDialogConstants.NO_LABEL, true);
    }

    @Override
    protected void buttonPressed(int button) {
        switch (button) {
            case VERIFIED -> answer.complete(TrustAnswer.VERIFIED);
            case UNVERIFIED -> answer.complete(TrustAnswer.FIRST_USE);
            default -> answer.complete(TrustAnswer.REJECT);
        }
        close();
    }
}
