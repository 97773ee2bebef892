package org.example.rcp;

import org.eclipse.jface.resource.ImageDescriptor;
import org.eclipse.swt.SWT;
import org.eclipse.swt.graphics.Color;
import org.eclipse.swt.graphics.GC;
import org.eclipse.swt.graphics.Image;
import org.eclipse.swt.graphics.ImageData;
import org.eclipse.swt.graphics.PaletteData;
import org.eclipse.swt.widgets.Display;
import org.xtls.Security;
import org.xtls.Trust;
import org.xtls.runtime.TunnelDTO;
import org.xtls.trust.KeyName;

/** How a tunnel is secured, as a picture and in words. */
enum Lock {
    /** What the handshake proved is tied to the peer's address. */
    VERIFIED("verified", 0x1b7a3d, true),
    /** Encrypted, to whomever: who sits between the two may be at both ends. */
    UNVERIFIED("NOT verified", 0xc76b00, false),
    /** No tunnel yet. */
    NONE("being made", 0x808080, false);

    private final String words;

    /** One for each lock, or every look at a row would make an image that nobody disposes of. */
    @SuppressWarnings("ImmutableEnumChecker") // it has no state
    private final ImageDescriptor image;

    Lock(String words, int colour, boolean closed) {
        this.words = words;
        this.image = ImageDescriptor.createFromImageDataProvider(zoom -> draw(16 * zoom / 100, colour, closed));
    }

    ImageDescriptor image() {
        return image;
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
        return lock == NONE ? lock.words : line(lock, tunnel.method, tunnel.evidence);
    }

    static String line(Security security) {
        Lock lock = security.trust() == Trust.VERIFIED ? VERIFIED : UNVERIFIED;
        return line(lock, security.method(), security.evidence());
    }

    private static String line(Lock lock, String method, String evidence) {
        return lock.words + ", " + method + ": " + evidence;
    }

    /** All there is to say, a line each. */
    static String details(TunnelDTO tunnel) {
        StringBuilder text = new StringBuilder(tunnel.peer).append('\n').append(line(tunnel));
        if (!tunnel.fingerprint.isEmpty()) {
            text.append('\n').append(new KeyName(tunnel.method, tunnel.fingerprint).grouped());
        }
        if (!tunnel.tls.isEmpty()) {
            text.append('\n').append(tunnel.tls).append(", ").append(tunnel.group);
            text.append(", ").append(tunnel.suite);
            text.append(tunnel.offersConfirmed ? ", offers confirmed" : ", offers NOT confirmed");
        }
        return text.toString();
    }

    private static ImageData draw(int size, int colour, boolean closed) {
        Display display = Display.getCurrent();
        Image image = new Image(display, new ImageData(size, size, 32, new PaletteData(0xff0000, 0xff00, 0xff)));
        GC gc = new GC(image);
        try {
            gc.setAntialias(SWT.ON);
            gc.setBackground(display.getSystemColor(SWT.COLOR_LIST_BACKGROUND));
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
