package org.xtls.trust.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Takes so many steps, each a byte or the forcing of a file, and then the machine is dead. */
final class DyingDisk implements Disk {
    private int steps;

    DyingDisk(int steps) {
        this.steps = steps;
    }

    @Override
    public void write(FileChannel file, long position, ByteBuffer content) throws IOException {
        int bytes = Math.min(steps, content.remaining());
        boolean all = bytes == content.remaining();
        REAL.write(file, position, content.slice(content.position(), bytes));
        steps -= bytes;
        if (!all) {
            throw new Killed();
        }
    }

    @Override
    public void force(FileChannel file) throws IOException {
        if (steps == 0) {
            throw new Killed();
        }
        steps--;
        REAL.force(file);
    }

    static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }
}
