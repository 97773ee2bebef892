package org.example.rcp;

import org.eclipse.jface.resource.ImageDescriptor;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Color;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.graphics.PaletteData;
import org.eclipse.swt.widgets.Display;
import org.xtls.runtime.TunnelDTO;
import org.xtls.trust.KeyName;

/** How a tunnel is secured, as a picture and in words. */
enum Lock {
    /** Nobody else is at the other end: the key is verified for the peer, and nobody edited the offers. */
    VERIFIED("verified", 0x1b7a3d, true),
    /** Encrypted, to whomever: who sits between the two may be at both ends. */
    UNVERIFIED("NOT verified", 0xc76b00, false),
    /** No tunnel yet. */
    NONE("being made", 0x808080, false);

    private static final int SIZE = 16;

    private final String words;
    private final int colour;
    private final boolean closed;

    Lock(String words, int colour, boolean closed) {
        this.words = words;
        this.colour = colour;
        this.closed = closed;
    }

    static Lock of(TunnelDTO tunnel) {
        return switch (tunnel.trust) {
            case "verified" -> VERIFIED;
            case "unverified" -> UNVERIFIED;
            default -> NONE;
        };
    }

    /** One line: the judgement, by which method, on what grounds. */
    static String line(TunnelDTO tunnel) {
        Lock lock = of(tunnel);
        return lock == NONE ? lock.words : lock.words + ": " + tunnel.method + ", " + tunnel.evidence;
    }

    /** All there is to say, a line each. */
    static String details(TunnelDTO tunnel) {
        StringBuilder text = new StringBuilder(line(tunnel));
        if (!tunnel.fingerprint.isEmpty()) {
            text.append('\n').append(new KeyName(tunnel.method, tunnel.fingerprint).grouped());
        }
        if (!tunnel.tls.isEmpty()) {
            text.append('\n').append(tunnel.tls).append(", ").append(tunnel.group);
            text.append(", ").append(tunnel.suite);
            text.append(tunnel.offersConfirmed ? "\noffers confirmed" : "\noffers not confirmed");
        }
        return text.toString();
    }

    ImageDescriptor image() {
        return ImageDescriptor.createFromImageDataProvider(zoom -> draw(SIZE * zoom / 100));
    }

    private ImageData draw(int size) {
        Image image =
                new Image(Display.getCurrent(), new ImageData(size, size, 32, new PaletteData(0xff0000, 0xff00, 0xff)));
        GC gc = new GC(image);
        try {
            gc.setAntialias(SWT.ON);
            gc.setBackground(Display.getCurrent().getSystemColor(SWT.COLOR_LIST_BACKGROUND));
            gc.fillRectangle(0, 0, size, size);
            Color ink = new Color(colour >> 16, colour >> 8 & 0xff, colour & 0xff);
            gc.setForeground(ink);
            gc.setBackground(ink);
            gc.setLineWidth(Math.max(2, size / 8));
            int unit = size / 8;
            // The shackle, open to the right when the lock is.
            gc.drawArc(closed ? 2 * unit : 3 * unit, unit, 4 * unit, 5 * unit, 0, closed ? 180 : 150);
            gc.fillRoundRectangle(unit, 4 * unit - unit / 2, 6 * unit, 4 * unit, unit, unit);
            return image.getImageData();
        } finally {
            gc.dispose();
            image.dispose();
        }
    }
}
