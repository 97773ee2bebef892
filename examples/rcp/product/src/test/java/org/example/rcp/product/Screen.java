package org.example.rcp.product;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A screen that nobody looks at: an Xvfb of the test's own. */
final class Screen implements AutoCloseable {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 540;

    private final Process process;
    private final String display;
    private final Path pixels;

    private Screen(Process process, String display, Path pixels) {
        this.process = process;
        this.display = display;
        this.pixels = pixels;
    }

    /** Xvfb chooses a display that is free, and says which once it is ready. */
    static Screen open(Path folder) throws IOException {
        Process process = new ProcessBuilder(
                        "Xvfb",
                        "-displayfd",
                        "1",
                        "-screen",
                        "0",
                        WIDTH + "x" + HEIGHT + "x24",
                        "-nocursor",
                        "-nolisten",
                        "tcp",
                        "-fbdir",
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String number = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))
                .readLine();
        if (number == null) {
            throw new IOException("Xvfb did not start (Debian: apt-get install xvfb)");
        }
        return new Screen(process, ":" + number, folder.resolve("Xvfb_screen0"));
    }

    String display() {
        return display;
    }

    /** What is on the screen now, as PNG. Xvfb keeps it in a file in the format of xwd: a header, colours, pixels. */
    void shot(Path png) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(pixels));
        int header = file.getInt(0);
        boolean littleEndian = file.getInt(7 * Integer.BYTES) == 0;
        int bytesPerLine = file.getInt(12 * Integer.BYTES);
        int colours = file.getInt(19 * Integer.BYTES);
        int start = header + colours * 12;
        file.order(littleEndian ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                image.setRGB(x, y, file.getInt(start + y * bytesPerLine + x * Integer.BYTES));
            }
        }
        ImageIO.write(image, "png", png.toFile());
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
