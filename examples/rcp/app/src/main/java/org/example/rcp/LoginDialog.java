package org.example.rcp;

import java.util.OptionalInt;
import org.eclipse.jface.dialogs.IMessageProvider;
import org.eclipse.jface.dialogs.TitleAreaDialog;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.swt.SWT;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Text;
import org.jspecify.annotations.Nullable;
import org.xtls.BareJid;
import org.xtls.transport.Login;
import org.xtls.transport.ServerTls;

/** Asks for an account. */
@SuppressWarnings("NullAway.Init") // JFace calls createDialogArea when it opens
final class LoginDialog extends TitleAreaDialog {
    private Text account;
    private Text password;
    private Text host;
    private Text port;
    private Text tls;
    private @Nullable Login login;

    LoginDialog(Shell parent) {
        super(parent);
    }

    /** What was entered; null when the dialog was cancelled. Its password is the caller's to wipe. */
    @Nullable
    Login login() {
        return login;
    }

    @Override
    protected void configureShell(Shell shell) {
        super.configureShell(shell);
        shell.setText("Log in");
    }

    @Override
    protected Control createDialogArea(Composite parent) {
        setTitle("Your account");
        setMessage("The password goes to your server, and is not kept.");
        Composite area = (Composite) super.createDialogArea(parent);
        Composite content = new Composite(area, SWT.NONE);
        GridDataFactory.fillDefaults().grab(true, true).applyTo(content);
        GridLayoutFactory.fillDefaults().numColumns(2).margins(12, 12).applyTo(content);
        account = field(content, "Address", SWT.NONE, "romeo@montague.net");
        password = field(content, "Password", SWT.PASSWORD, "");
        host = field(content, "Server", SWT.NONE, "found by the address");
        port = field(content, "Port", SWT.NONE, "5222");
        tls = field(content, "Its TLS", SWT.NONE, "required, disabled or pin:SHA256");
        tls.setText("required");
        return area;
    }

    private static Text field(Composite parent, String label, int style, String hint) {
        new Label(parent, SWT.NONE).setText(label);
        Text text = new Text(parent, SWT.BORDER | style);
        text.setMessage(hint);
        text.setToolTipText(label);
        GridDataFactory.fillDefaults().grab(true, false).hint(280, SWT.DEFAULT).applyTo(text);
        return text;
    }

    @Override
    protected void okPressed() {
        try {
            BareJid jid = BareJid.parse(account.getText().strip());
            OptionalInt number = port.getText().isBlank()
                    ? OptionalInt.empty()
                    : OptionalInt.of(port(port.getText().strip()));
            ServerTls security = ServerTls.parse(tls.getText().strip());
            String server = host.getText().isBlank() ? null : host.getText().strip();
            // Last, so that nothing that fails leaves a copy behind.
            login = new Login(jid, password.getTextChars(), server, number, null, security);
        } catch (IllegalArgumentException e) {
            setMessage(e.getMessage(), IMessageProvider.ERROR);
            return;
        }
        super.okPressed();
    }

    private static int port(String text) {
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 65_535) {
            throw new IllegalArgumentException("A port is a number from 1 to 65535.");
        }
        return Integer.parseInt(text);
    }
}
