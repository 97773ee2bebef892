package org.example.rcp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
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
import org.eclipse.swt.custom.StyledText;
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
import org.xtls.trust.TrustPrompt;

/**
 * Peers, tunnels and how each is secured; messages through the one that is chosen; and whose key a peer's is.
 *
 * <p>Views are made by the workbench, not by Declarative Services, so services are tracked by hand. They may come and go
 * at any time, and call on threads of their own: whatever touches a widget is handed to the user interface's thread.
 *
 * <p>Only the user chooses a conversation: what is typed for one peer must not go to another who comes meanwhile.
 */
@SuppressWarnings("NullAway.Init") // the workbench calls createPartControl before anything else
public final class TunnelsView extends ViewPart implements TunnelListener {
    static final String ID = "org.example.rcp.tunnels";

    /** Peers send faster than a screen shows; what goes over this is not taken. */
    private static final int MOST_ARRIVED = 500;

    private final BundleContext context =
            FrameworkUtil.getBundle(TunnelsView.class).getBundleContext();
    private final ServiceTracker<Xtls, Xtls> xtls = track(Xtls.class);
    private final ServiceTracker<Connections, Connections> connections = track(Connections.class);
    private final ServiceTracker<XtlsRuntime, XtlsRuntime> runtime = track(XtlsRuntime.class);
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private final Conversations conversations = new Conversations();
    private final Queue<Arrival> arrived = new ArrayDeque<>();
    private final AtomicBoolean stale = new AtomicBoolean();

    private Display display;
    private Questions questions;
    private Label account;
    private Button login;
    private Text peer;
    private TableViewer tunnels;
    private Label security;
    private StyledText said;
    private Text message;
    private Button send;
    private Button close;
    private Label missing;
    private Label status;

    private RuntimeDTO now = new RuntimeDTO();
    private @Nullable Ends chosen;
    private String shownTunnel = "";
    private boolean refreshing;
    private volatile @Nullable FullJid wanted;

    private record Arrival(Tunnel tunnel, String body) {}

    private <T> ServiceTracker<T, T> track(Class<T> type) {
        return new ServiceTracker<>(context, type, null) {
            @Override
            public T addingService(ServiceReference<T> reference) {
                refreshLater();
                return super.addingService(reference);
            }

            /** The change count of the runtime, a property of the service, has grown. */
            @Override
            public void modifiedService(ServiceReference<T> reference, T service) {
                refreshLater();
            }

            @Override
            public void removedService(ServiceReference<T> reference, T service) {
                super.removedService(reference, service);
                refreshLater();
            }
        };
    }

    @Override
    public void createPartControl(Composite parent) {
        display = parent.getDisplay();
        Composite view = new Composite(parent, SWT.NONE);
        GridLayoutFactory.swtDefaults().numColumns(3).applyTo(view);
        account = label(view, 2);
        login = button(view, "Log out", this::logInOrOut);

        new Label(view, SWT.NONE).setText("Peer");
        peer = text(view, "peer@example.org/resource", this::open);
        button(view, "Open tunnel", this::open);

        SashForm sash = new SashForm(view, SWT.HORIZONTAL);
        GridDataFactory.fillDefaults().grab(true, true).span(3, 1).applyTo(sash);
        createTable(sash);
        createConversation(sash);
        sash.setWeights(5, 6);
        missing = label(view, 3);
        status = label(view, 3);

        questions = new Questions(getSite().getShell(), one -> one.equals(wanted), this::later, this::tell);
        registrations.add(context.registerService(TunnelListener.class, this, null));
        registrations.add(context.registerService(TrustPrompt.class, questions, null));
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
        column(
                "Peer",
                215,
                tunnel -> tunnel.peer,
                tunnel -> images.create(Lock.of(tunnel).image()));
        column("Secured", 230, Lock::line, tunnel -> null);
        tunnels.addSelectionChangedListener(event -> {
            if (!refreshing && event.getStructuredSelection().getFirstElement() instanceof TunnelDTO tunnel) {
                choose(Ends.of(tunnel));
            }
        });
    }

    private void column(
            String title, int width, Function<TunnelDTO, String> text, Function<TunnelDTO, @Nullable Image> image) {
        TableViewerColumn column = new TableViewerColumn(tunnels, SWT.NONE);
        column.getColumn().setText(title);
        column.getColumn().setWidth(width);
        column.setLabelProvider(new ColumnLabelProvider() {
            @Override
            public String getText(Object element) {
                return text.apply((TunnelDTO) element);
            }

            @Override
            public @Nullable Image getImage(Object element) {
                return image.apply((TunnelDTO) element);
            }

            @Override
            public String getToolTipText(Object element) {
                return Lock.details((TunnelDTO) element);
            }
        });
    }

    private void createConversation(Composite parent) {
        Composite conversation = new Composite(parent, SWT.NONE);
        GridLayoutFactory.fillDefaults().numColumns(3).applyTo(conversation);
        security = label(conversation, 3);
        said = new StyledText(conversation, SWT.BORDER | SWT.MULTI | SWT.READ_ONLY | SWT.WRAP | SWT.V_SCROLL);
        // Where a long line goes on it is indented, or it could look like another's.
        said.setWrapIndent(24);
        said.setMargins(4, 4, 4, 4);
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
        for (ServiceRegistration<?> registration : registrations) {
            try {
                registration.unregister();
            } catch (IllegalStateException e) {
                // The bundle has stopped, and that took it back.
            }
        }
        questions.close();
        runtime.close();
        connections.close();
        xtls.close();
        super.dispose();
    }

    // What the user does

    private void logInOrOut() {
        Connections service = connections.getService();
        if (service == null) {
            tell("There is no service that logs in: its bundle is not there.");
            return;
        }
        if (!now.links.isEmpty()) {
            var unused = service.disconnect(FullJid.parse(now.links.get(0)))
                    .whenComplete((done, failure) -> tell(failure == null ? "Logged out." : reason(failure)));
            return;
        }
        LoginDialog dialog = new LoginDialog(getSite().getShell());
        Login entered = dialog.open() == Window.OK ? dialog.login() : null;
        if (entered == null) {
            return;
        }
        tell("Logging in as " + entered.account() + " …");
        CompletionStage<FullJid> connected;
        try {
            connected = service.connect(entered);
        } catch (RuntimeException gone) {
            connected = CompletableFuture.failedStage(gone);
        }
        var unused = connected.whenComplete((local, failure) -> {
            Arrays.fill(entered.password(), '\0');
            tell(failure == null ? "Logged in as " + local + "." : reason(failure));
        });
    }

    private void open() {
        Xtls service = xtls.getService();
        if (service == null || now.links.isEmpty()) {
            tell(service == null ? "There is no tunnel service: its bundle is not there." : "Log in first.");
            return;
        }
        FullJid to;
        try {
            to = FullJid.parse(peer.getText().strip());
        } catch (IllegalArgumentException e) {
            tell(reason(e));
            return;
        }
        Ends ends = new Ends(FullJid.parse(now.links.get(0)), to);
        Ends before = chosen;
        wanted = to;
        tell("Opening a tunnel with " + to + " …");
        var unused = service.open(ends.local(), to)
                .whenComplete((tunnel, failure) -> later(() -> {
                    wanted = null;
                    tell(failure == null ? "The tunnel with " + to + " is open." : reason(failure));
                    // The peer decides when this is: by now something else may be looked at, or typed.
                    if (failure == null && ends(before) && message.getText().isEmpty()) {
                        choose(ends);
                    }
                }));
    }

    private boolean ends(@Nullable Ends before) {
        return before == null ? chosen == null : before.equals(chosen);
    }

    private void send() {
        Tunnel tunnel = chosenTunnel();
        String text = message.getText();
        if (tunnel == null || text.isBlank()) {
            return;
        }
        if (!tunnel.id().equals(shownTunnel)) {
            refresh();
            tell("Another tunnel has taken the place of this one. See how it is secured, then send again.");
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
        Conversations.Line line = conversations.with(Ends.of(tunnel)).add(tunnel, "You", text, "on its way");
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
            if (chosen == null && message.getText().isEmpty()) {
                choose(Ends.of(tunnel));
            }
        });
    }

    @Override
    public boolean received(Tunnel tunnel, Stanza stanza) {
        String body = stanza.body().orElse(null);
        if (body == null) {
            return false;
        }
        synchronized (arrived) {
            if (arrived.size() >= MOST_ARRIVED) {
                return false;
            }
            arrived.add(new Arrival(tunnel, body));
            return arrived.size() > 1 || later(this::takeIn);
        }
    }

    private void takeIn() {
        List<Arrival> taken;
        synchronized (arrived) {
            taken = List.copyOf(arrived);
            arrived.clear();
        }
        for (Arrival one : taken) {
            Tunnel tunnel = one.tunnel();
            conversations.with(Ends.of(tunnel)).add(tunnel, tunnel.peer().bare().toString(), one.body(), "");
        }
        conversations.bound(chosen);
        show();
    }

    @Override
    public void closed(Tunnel tunnel, Closure closure) {
        tell("The tunnel with " + tunnel.peer() + " has ended: "
                + closure.failure().text());
    }

    // What is shown

    /** Changes may come faster than they can be shown. */
    private void refreshLater() {
        if (!stale.getAndSet(true)) {
            later(this::refresh);
        }
    }

    private void refresh() {
        stale.set(false);
        XtlsRuntime service = runtime.getService();
        now = service == null ? new RuntimeDTO() : service.runtime();
        account.setText(now.links.isEmpty() ? "Nobody is logged in." : "You are " + String.join(", ", now.links) + ".");
        login.setText(now.links.isEmpty() ? "Log in…" : "Log out");
        missing.setText(missing(service != null));
        missing.requestLayout();
        refreshing = true;
        try {
            tunnels.setInput(now.tunnels);
            TunnelDTO row = chosenRow();
            tunnels.setSelection(row == null ? StructuredSelection.EMPTY : new StructuredSelection(row));
        } finally {
            refreshing = false;
        }
        show();
    }

    private String missing(boolean tunnelService) {
        List<String> lacking = new ArrayList<>(now.missing);
        if (!tunnelService) {
            lacking.add("tunnel service");
        }
        if (connections.getService() == null) {
            lacking.add("service that logs in");
        }
        return lacking.isEmpty() ? "" : "There is no " + String.join(", no ", lacking) + ".";
    }

    private void choose(Ends ends) {
        if (ends.equals(chosen)) {
            return;
        }
        if (chosen != null) {
            conversations.with(chosen).draft = message.getText();
        }
        chosen = ends;
        message.setText(conversations.with(ends).draft);
        refresh();
    }

    private void show() {
        TunnelDTO row = chosenRow();
        boolean usable = row != null && !row.trust.isEmpty();
        shownTunnel = row == null ? "" : row.id;
        if (chosen == null) {
            security.setText("Choose a tunnel.");
        } else {
            security.setText(row == null ? chosen.peer() + "\nno tunnel" : Lock.details(row));
        }
        security.requestLayout();
        String text = chosen == null ? "" : conversations.with(chosen).toString();
        if (!text.equals(said.getText())) {
            said.setText(text);
            said.setTopIndex(said.getLineCount() - 1);
        }
        // A message that is begun can be finished; it goes only when there is a tunnel.
        message.setEnabled(chosen != null);
        send.setEnabled(usable);
        close.setEnabled(usable);
    }

    private @Nullable TunnelDTO chosenRow() {
        return now.tunnels.stream()
                .filter(tunnel -> Ends.of(tunnel).equals(chosen))
                .findFirst()
                .orElse(null);
    }

    private @Nullable Tunnel chosenTunnel() {
        Ends ends = chosen;
        Xtls service = xtls.getService();
        return ends == null || service == null
                ? null
                : service.tunnel(ends.local(), ends.peer()).orElse(null);
    }

    private void tell(String text) {
        later(() -> {
            status.setText(text);
            status.requestLayout();
        });
    }

    private static String reason(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof XtlsException exception
                ? exception.failure().text()
                : String.valueOf(cause.getMessage());
    }

    /** Runs it on the user interface's thread, unless that, or the view, has ended. */
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
