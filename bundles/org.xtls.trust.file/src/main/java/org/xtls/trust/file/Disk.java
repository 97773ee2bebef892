package org.xtls.trust.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** How bytes get into a file and stay there: where a test can break off. */
interface Disk {
    Disk REAL = new Disk() {
        @Override
        public void write(FileChannel file, long position, ByteBuffer content) throws IOException {
            long at = position;
            while (content.hasRemaining()) {
                at += file.write(content, at);
            }
        }

        @Override
        public void force(FileChannel file) throws IOException {
            file.force(true);
        }
    };

    void write(FileChannel file, long position, ByteBuffer content) throws IOException;

    void force(FileChannel file) throws IOException;
}
