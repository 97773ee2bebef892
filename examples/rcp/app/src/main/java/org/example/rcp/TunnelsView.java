package org.example.rcp;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.eclipse.jface.layout.GridDataFactory;
import org.eclipse.jface.layout.GridLayoutFactory;
import org.eclipse.jface.resource.JFaceResources;
import org.eclipse.jface.resource.LocalResourceManager;
import org.eclipse.jface.viewers.ArrayContentProvider;
import org.eclipse.jface.viewers.ColumnLabelProvider;
import org.eclipse.jface.viewers.ColumnViewerToolTipSupport;
import org.eclipse.jface.viewers.StructuredSelection;
import org.eclipse.jface.viewers.TableViewer;
import org.eclipse.jface.viewers.TableViewerColumn;
import org.eclipse.jface.window.Window;
import org.eclipse.swt.SWT;
import org.eclipse.swt.SWTException;
import org.eclipse.swt.custom.SashForm;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.part.ViewPart;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.util.tracker.ServiceTracker;
import org.xtls.Acknowledgement;
import org.xtls.BareJid;
import org.xtls.Closure;
import org.xtls.FullJid;
import org.xtls.Stanza;
import org.xtls.Tunnel;
import org.xtls.TunnelListener;
import org.xtls.Xtls;
import org.xtls.XtlsException;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.transport.Connections;
import org.xtls.transport.Login;
import org.xtls.trust.TrustAnswer;
import org.xtls.trust.TrustPrompt;
import org.xtls.trust.TrustQuestion;

/**
 * Peers, tunnels and how each is secured; messages through the one that is chosen; and whose key a peer's is.
 *
 * <p>Views are made by the workbench, not by Declarative Services, so services are tracked by hand. They may come and go
 * at any time, and call on threads of their own: whatever touches a widget is handed to the user interface's thread.
 */
@SuppressWarnings("NullAway.Init") // the workbench calls createPartControl before anything else
public final class TunnelsView extends ViewPart implements TunnelListener, TrustPrompt {
    static final String ID = "org.example.rcp.tunnels";

    /** Strangers can make questions: more windows than a human can look at are a no. */
    private static final int MOST_QUESTIONS = 5;

    private final BundleContext context =
            FrameworkUtil.getBundle(TunnelsView.class).getBundleContext();
    private final ServiceTracker<Xtls, Xtls> xtls = new ServiceTracker<>(context, Xtls.class, null);
    private final ServiceTracker<Connections, Connections> connections =
            new ServiceTracker<>(context, Connections.class, null);
    private final ServiceTracker<XtlsRuntime, XtlsRuntime> runtime =
            new ServiceTracker<>(context, XtlsRuntime.class, null) {
                @Override
                public XtlsRuntime addingService(ServiceReference<XtlsRuntime> reference) {
                    later(TunnelsView.this::refresh);
                    return super.addingService(reference);
                }

                /** The change count, a property of the service, has grown. */
                @Override
                public void modifiedService(ServiceReference<XtlsRuntime> reference, XtlsRuntime service) {
                    later(TunnelsView.this::refresh);
                }

                @Override
                public void removedService(ServiceReference<XtlsRuntime> reference, XtlsRuntime service) {
                    super.removedService(reference, service);
                    later(TunnelsView.this::refresh);
                }
            };
    private final Transcript transcript = new Transcript();
    private final Set<BareJid> asked = new HashSet<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    private String chosenPeer = "";
    private Display display;
    private Label account;
    private Text peer;
    private TableViewer tunnels;
    private Label security;
    private Text said;
    private Text message;
    private Button send;
    private Button close;
    private Label status;

    @Override
    public void createPartControl(Composite parent) {
        display = parent.getDisplay();
        Composite view = new Composite(parent, SWT.NONE);
        GridLayoutFactory.swtDefaults().numColumns(3).applyTo(view);
        account = label(view, 2);
        Button login = button(view, "Log in…", this::logIn);
        login.setToolTipText("Log in to an XMPP server");

        new Label(view, SWT.NONE).setText("Peer");
        peer = text(view, "peer@example.org/resource", this::open);
        button(view, "Open tunnel", this::open);

        SashForm sash = new SashForm(view, SWT.HORIZONTAL);
        GridDataFactory.fillDefaults().grab(true, true).span(3, 1).applyTo(sash);
        createTable(sash);
        createConversation(sash);
        sash.setWeights(5, 6);
        status = label(view, 3);

        registrations.add(context.registerService(TunnelListener.class, this, null));
        registrations.add(context.registerService(TrustPrompt.class, this, null));
        xtls.open();
        connections.open();
        runtime.open();
        refresh();
    }

    private void createTable(Composite parent) {
        tunnels = new TableViewer(parent, SWT.BORDER | SWT.FULL_SELECTION | SWT.SINGLE);
        tunnels.getTable().setHeaderVisible(true);
        tunnels.setContentProvider(ArrayContentProvider.getInstance());
        ColumnViewerToolTipSupport.enableFor(tunnels);
        LocalResourceManager images = new LocalResourceManager(JFaceResources.getResources(), tunnels.getTable());
        column("Peer", 210, new ColumnLabelProvider() {
            @Override
            public String getText(Object element) {
                return ((TunnelDTO) element).peer;
            }

            @Override
            public Image getImage(Object element) {
                return images.create(Lock.of((TunnelDTO) element).image());
            }

            @Override
            public String getToolTipText(Object element) {
                return Lock.details((TunnelDTO) element);
            }
        });
        column("Secured", 230, new ColumnLabelProvider() {
            @Override
            public String getText(Object element) {
                return Lock.line((TunnelDTO) element);
            }

            @Override
            public String getToolTipText(Object element) {
                return Lock.details((TunnelDTO) element);
            }
        });
        tunnels.addSelectionChangedListener(event -> {
            TunnelDTO now = chosen();
            // Nothing is chosen while the rows are replaced.
            if (now != null) {
                chosenPeer = now.peer;
            }
            show();
        });
    }

    private void column(String title, int width, ColumnLabelProvider labels) {
        TableViewerColumn column = new TableViewerColumn(tunnels, SWT.NONE);
        column.getColumn().setText(title);
        column.getColumn().setWidth(width);
        column.setLabelProvider(labels);
    }

    private void createConversation(Composite parent) {
        Composite conversation = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(3).applyTo(conversation);
        security = label(conversation, 3);
        said = new Text(conversation, SWT.BORDER | SWT.MULTI | SWT.READ_ONLY | SWT.WRAP | SWT.V_SCROLL);
        said.setToolTipText("Conversation");
        GridDataFactory.fillDefaults().grab(true, true).span(3, 1).applyTo(said);
        message = text(conversation, "Message", this::send);
        send = button(conversation, "Send", this::send);
        close = button(conversation, "Close tunnel", this::close);
    }

    private static Label label(Composite parent, int columns) {
        Label label = new Label(parent, SWT.WRAP);
        GridDataFactory.fillDefaults().grab(true, false).span(columns, 1).applyTo(label);
        return label;
    }

    private static Text text(Composite parent, String hint, Runnable entered) {
        Text text = new Text(parent, SWT.BORDER);
        text.setMessage(hint);
        GridDataFactory.fillDefaults().grab(true, false).applyTo(text);
        text.addListener(SWT.DefaultSelection, event -> entered.run());
        return text;
    }

    private static Button button(Composite parent, String text, Runnable pushed) {
        Button button = new Button(parent, SWT.PUSH);
        button.setText(text);
        button.addListener(SWT.Selection, event -> pushed.run());
        return button;
    }

    @Override
    public void setFocus() {
        peer.setFocus();
    }

    @Override
    public void dispose() {
        registrations.forEach(ServiceRegistration::unregister);
        runtime.close();
        connections.close();
        xtls.close();
        super.dispose();
    }

    // What the user does

    private void logIn() {
        LoginDialog dialog = new LoginDialog(getSite().getShell());
        Login login = dialog.open() == Window.OK ? dialog.login() : null;
        if (login == null) {
            return;
        }
        Connections service = connections.getService();
        CompletionStage<FullJid> connected = service == null ? gone("Connections") : service.connect(login);
        tell("Logging in as " + login.account() + " …");
        var unused = connected.whenComplete((local, failure) -> {
            Arrays.fill(login.password(), '\0');
            tell(failure == null ? "Logged in as " + local + "." : reason(failure));
        });
    }

    private void open() {
        try {
            FullJid to = FullJid.parse(peer.getText().strip());
            Xtls service = xtls.getService();
            tell("Opening a tunnel with " + to + " …");
            CompletionStage<Tunnel> opened = service == null ? gone("Xtls") : service.open(to);
            var unused = opened.whenComplete((tunnel, failure) -> {
                tell(failure == null ? "The tunnel with " + to + " is open." : reason(failure));
                if (failure == null) {
                    later(() -> choose(to.toString()));
                }
            });
        } catch (IllegalArgumentException e) {
            tell(reason(e));
        }
    }

    private void send() {
        Tunnel tunnel = chosenTunnel();
        String text = message.getText();
        if (tunnel == null || text.isBlank()) {
            return;
        }
        Stanza stanza;
        try {
            stanza = Stanza.chat(text);
        } catch (IllegalArgumentException e) {
            tell(reason(e));
            return;
        }
        message.setText("");
        Transcript.Line line = transcript.add(tunnel.peer().toString(), "You", text, "on its way");
        show();
        var unused = tunnel.send(stanza)
                .whenComplete((by, failure) -> later(() -> {
                    line.become(
                            failure != null
                                    ? "failed: " + reason(failure)
                                    : by == Acknowledgement.PEER ? "received" : "sent");
                    show();
                }));
    }

    private void close() {
        Tunnel tunnel = chosenTunnel();
        if (tunnel != null) {
            tunnel.close();
        }
    }

    // What the services tell

    @Override
    public void opened(Tunnel tunnel) {
        later(() -> {
            // Whoever comes while somebody types must not get what was meant for another.
            if (chosen() == null) {
                choose(tunnel.peer().toString());
            }
        });
    }

    @Override
    public boolean received(Tunnel tunnel, Stanza stanza) {
        String body = stanza.body().orElse(null);
        if (body == null) {
            return false;
        }
        later(() -> {
            transcript.add(tunnel.peer().toString(), tunnel.peer().bare().toString(), body, "");
            show();
        });
        return true;
    }

    @Override
    public void closed(Tunnel tunnel, Closure closure) {
        tell("The tunnel with " + tunnel.peer() + " has ended: "
                + closure.failure().text());
    }

    @Override
    public CompletionStage<TrustAnswer> ask(TrustQuestion question) {
        CompletableFuture<TrustAnswer> answer = new CompletableFuture<>();
        if (!later(() -> ask(question, answer))) {
            answer.complete(TrustAnswer.REJECT);
        }
        return answer;
    }

    private void ask(TrustQuestion question, CompletableFuture<TrustAnswer> answer) {
        if (asked.size() >= MOST_QUESTIONS || !asked.add(question.peer().bare())) {
            answer.complete(TrustAnswer.REJECT);
            return;
        }
        TrustDialog dialog = new TrustDialog(getSite().getShell(), question, answer);
        dialog.open();
        // Answered; or not asked any more, and then the window goes.
        var unused = answer.whenComplete((given, cancelled) -> later(() -> {
            asked.remove(question.peer().bare());
            if (dialog.getShell() != null) {
                dialog.close();
            }
        }));
    }

    // What is shown

    private void refresh() {
        XtlsRuntime service = runtime.getService();
        RuntimeDTO now = service == null ? new RuntimeDTO() : service.runtime();
        account.setText(now.links.isEmpty() ? "Nobody is logged in." : "You are " + String.join(", ", now.links) + ".");
        tunnels.setInput(now.tunnels);
        now.tunnels.stream()
                .filter(tunnel -> tunnel.peer.equals(chosenPeer))
                .findFirst()
                .ifPresent(tunnel -> tunnels.setSelection(new StructuredSelection(tunnel), true));
        if (service == null || !now.missing.isEmpty()) {
            status.setText("No tunnel can be made: there is no "
                    + (service == null ? "tunnel service" : String.join(", no ", now.missing)) + ".");
        }
        show();
    }

    private void choose(String name) {
        chosenPeer = name;
        refresh();
    }

    private void show() {
        TunnelDTO tunnel = chosen();
        boolean usable = tunnel != null && !tunnel.trust.isEmpty();
        security.setText(tunnel == null ? "Choose a tunnel." : Lock.details(tunnel));
        security.requestLayout();
        said.setText(tunnel == null ? "" : transcript.with(tunnel.peer));
        said.setSelection(said.getCharCount());
        message.setEnabled(usable);
        send.setEnabled(usable);
        close.setEnabled(usable);
    }

    private @Nullable TunnelDTO chosen() {
        return (TunnelDTO) tunnels.getStructuredSelection().getFirstElement();
    }

    private @Nullable Tunnel chosenTunnel() {
        TunnelDTO chosen = chosen();
        Xtls service = xtls.getService();
        return chosen == null || service == null
                ? null
                : service.tunnel(FullJid.parse(chosen.local), FullJid.parse(chosen.peer))
                        .orElse(null);
    }

    private void tell(String text) {
        later(() -> {
            status.setText(text);
            status.requestLayout();
        });
    }

    private static <T> CompletionStage<T> gone(String service) {
        return CompletableFuture.failedStage(
                new IllegalStateException("There is no service " + service + ": its bundle is not there."));
    }

    private static String reason(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof XtlsException exception
                ? exception.failure().text()
                : String.valueOf(cause.getMessage());
    }

    /** Runs it on the user interface's thread, unless that has ended. */
    private boolean later(Runnable work) {
        try {
            display.asyncExec(() -> {
                if (!status.isDisposed()) {
                    work.run();
                }
            });
            return true;
        } catch (SWTException disposed) {
            return false;
        }
    }
}
