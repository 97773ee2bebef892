package org.example.rcp.product;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.eclipse.swt.SWT;
import org.eclipse.swt.custom.StyledText;
import org.eclipse.swt.widgets.Button;
import org.eclipse.swt.widgets.Composite;
import org.eclipse.swt.widgets.Control;
import org.eclipse.swt.widgets.Display;
import org.eclipse.swt.widgets.Event;
import org.eclipse.swt.widgets.Label;
import org.eclipse.swt.widgets.Listener;
import org.eclipse.swt.widgets.Shell;
import org.eclipse.swt.widgets.Table;
import org.eclipse.swt.widgets.TableItem;
import org.eclipse.swt.widgets.Text;
import org.eclipse.ui.PlatformUI;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.service.event.EventHandler;

/**
 * A bundle in the application that does what a user would: it reads lines such as {@code push Send} and prints what it
 * has seen and a mark. It knows widgets by what a user reads on them.
 */
public final class Stagehand implements BundleActivator {
    /** As the test's {@code Program} has it, which is no class of this bundle. */
    private static final String MARK = "== end of answer ==";

    @Override
    public void start(BundleContext context) {
        CountDownLatch started = new CountDownLatch(1);
        EventHandler handler = event -> started.countDown();
        Dictionary<String, Object> topic = new Hashtable<>();
        topic.put("event.topics", "org/eclipse/e4/ui/LifeCycle/appStartupComplete");
        context.registerService(EventHandler.class, handler, topic);
        Thread thread = new Thread(() -> read(started), "stagehand");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void stop(BundleContext context) {
        // The thread ends with the process.
    }

    private static void read(CountDownLatch started) {
        try {
            started.await();
            Display display = PlatformUI.getWorkbench().getDisplay();
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.replace("\\n", "\n").split(" ", 2);
                String told;
                try {
                    told = act(display, words[0], words.length > 1 ? words[1] : "");
                } catch (RuntimeException e) {
                    told = "FAILED " + e;
                }
                System.out.println(told);
                System.out.println(MARK);
            }
        } catch (IOException | InterruptedException e) {
            System.out.println("FAILED " + e);
        }
    }

    private static String act(Display display, String verb, String what) {
        switch (verb) {
            case "await" -> await(display, seen -> seen.contains(what));
            case "push" -> {
                Button button = find(display, Button.class, one -> one.getText().equals(what));
                // A dialog that opens now would hold this up until it is closed.
                display.asyncExec(() -> {
                    button.setSelection((button.getStyle() & SWT.CHECK) != 0);
                    button.notifyListeners(SWT.Selection, new Event());
                });
            }
            case "type" -> {
                String[] parts = what.split("=", 2);
                Text text = find(
                        display,
                        Text.class,
                        one -> parts[0].equals(one.getMessage()) || parts[0].equals(one.getToolTipText()));
                display.syncExec(() -> text.setText(parts[1]));
            }
            case "choose" -> {
                Table table = find(display, Table.class, one -> true);
                display.syncExec(() -> choose(table, what));
            }
            case "paint" -> paint(display);
            case "close" ->
                display.asyncExec(() -> PlatformUI.getWorkbench()
                        .getWorkbenchWindows()[0]
                        .getShell()
                        .close());
            default -> throw new IllegalArgumentException(verb);
        }
        return what(display);
    }

    private static String what(Display display) {
        List<String> seen = new ArrayList<>();
        display.syncExec(() -> seen.add(see(display)));
        return seen.get(0);
    }

    /** Looks whenever something has been painted. */
    private static void await(Display display, Predicate<String> wanted) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Listener look = event -> display.asyncExec(() -> {
            if (wanted.test(see(display))) {
                done.complete(null);
            }
        });
        int[] kinds = {SWT.Paint, SWT.Show, SWT.Hide, SWT.Dispose, SWT.Modify, SWT.Resize};
        display.syncExec(() -> {
            Arrays.stream(kinds).forEach(kind -> display.addFilter(kind, look));
            look.handleEvent(new Event());
        });
        try {
            done.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException | InterruptedException | TimeoutException e) {
            throw new IllegalStateException("not to be seen; there is:\n" + what(display), e);
        } finally {
            display.syncExec(() -> Arrays.stream(kinds).forEach(kind -> display.removeFilter(kind, look)));
        }
    }

    /** What is to be seen is on the screen only when the toolkit gets round to it. */
    private static void paint(Display display) {
        CompletableFuture<Void> painted = new CompletableFuture<>();
        Listener listener = event -> display.asyncExec(() -> painted.complete(null));
        display.syncExec(() -> {
            display.addFilter(SWT.Paint, listener);
            for (Control control : controls(display)) {
                control.redraw();
            }
        });
        painted.join();
        display.syncExec(() -> display.removeFilter(SWT.Paint, listener));
    }

    private static <T extends Control> T find(Display display, Class<T> type, Predicate<T> wanted) {
        List<T> found = new ArrayList<>();
        display.syncExec(() -> {
            for (Control control : controls(display)) {
                if (type.isInstance(control) && control.isEnabled() && wanted.test(type.cast(control))) {
                    found.add(type.cast(control));
                }
            }
        });
        if (found.size() != 1) {
            throw new IllegalStateException(found.size() + " such widgets");
        }
        return found.get(0);
    }

    private static List<Control> controls(Display display) {
        List<Control> all = new ArrayList<>();
        for (Shell shell : display.getShells()) {
            add(shell, all);
        }
        return all;
    }

    private static void add(Control control, List<Control> all) {
        if (control.isVisible()) {
            all.add(control);
            if (control instanceof Composite composite) {
                Arrays.stream(composite.getChildren()).forEach(child -> add(child, all));
            }
        }
    }

    private static void choose(Table table, String text) {
        for (int row = 0; row < table.getItemCount(); row++) {
            if (table.getItem(row).getText(0).startsWith(text)) {
                table.setSelection(row);
                Event event = new Event();
                event.item = table.getItem(row);
                table.notifyListeners(SWT.Selection, event);
                return;
            }
        }
        throw new IllegalArgumentException("no row " + text);
    }

    /** What there is to read on the screen. */
    private static String see(Display display) {
        StringBuilder seen = new StringBuilder();
        for (Control control : controls(display)) {
            if (control instanceof Label label) {
                seen.append(label.getText()).append('\n');
            } else if (control instanceof Text text && (text.getStyle() & SWT.PASSWORD) == 0) {
                seen.append(text.getText()).append('\n');
            } else if (control instanceof StyledText text) {
                seen.append(text.getText()).append('\n');
            } else if (control instanceof Table table) {
                for (TableItem item : table.getItems()) {
                    seen.append(item.getText(0))
                            .append(" | ")
                            .append(item.getText(1))
                            .append('\n');
                }
            }
        }
        return seen.toString();
    }
}
