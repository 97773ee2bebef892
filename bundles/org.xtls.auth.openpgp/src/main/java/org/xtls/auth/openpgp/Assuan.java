package org.xtls.auth.openpgp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The client's side of the Assuan protocol, as gpg-agent speaks it: lines of at most 1,000 octets. */
final class Assuan implements AutoCloseable {
    private static final int MAX_LINE = 1_000;

    /** A signature of the largest key fits twenty times. */
    private static final int MAX_DATA = 65_536;

    private static final int MAX_LINES = 1_000;

    /** Codes of libgpg-error, the source in the upper octets taken off. */
    private static final int NO_SECRET_KEY = 17;

    private static final int TIMEOUT = 62;
    private static final int CANCELED = 99;
    private static final int FULLY_CANCELED = 198;
    private static final int NO_PIN_ENTRY = 86;

    private final AgentSocket socket;
    private final StringBuilder comments = new StringBuilder();

    private Assuan(AgentSocket socket) {
        this.socket = socket;
    }

    static Assuan connect(Path path, Duration patience) throws AgentException {
        Assuan assuan = new Assuan(AgentSocket.connect(path, patience));
        try {
            assuan.answer(null);
            return assuan;
        } catch (AgentException e) {
            assuan.close();
            throw e;
        }
    }

    /** Says one line and takes the data of the answer. */
    byte[] command(String line) throws AgentException {
        return command(line, null);
    }

    /**
     * Says one line; what the agent inquires about it is answered with this data.
     *
     * @return the data of the answer
     */
    byte[] command(String line, byte @Nullable [] inquired) throws AgentException {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_LINE) {
            throw failed("a command is too long");
        }
        socket.send(bytes);
        return answer(inquired);
    }

    /** What the agent says of a command of its own; it comes as comments. */
    String help(String command) throws AgentException {
        comments.setLength(0);
        var unused = command("HELP " + command);
        return comments.toString();
    }

    private byte[] answer(byte @Nullable [] inquired) throws AgentException {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (int lines = 0; lines < MAX_LINES; lines++) {
            byte[] line = line();
            String text = new String(line, StandardCharsets.ISO_8859_1);
            if (text.equals("OK") || text.startsWith("OK ")) {
                return data.toByteArray();
            }
            if (text.startsWith("ERR ")) {
                throw error(text);
            }
            if (text.startsWith("D ")) {
                unescape(line, data);
            } else if (text.startsWith("INQUIRE ")) {
                inquire(text, inquired);
            }
            if (text.startsWith("#")) {
                comments.append(text, 1, text.length()).append('\n');
            }
            // Status lines: nothing that matters here.
        }
        throw failed("it talks too much");
    }

    /** Only what was expected is answered; the agent also inquires to say that it opens a prompt. */
    private void inquire(String text, byte @Nullable [] inquired) throws AgentException {
        boolean wanted = text.startsWith("INQUIRE CIPHERTEXT") || text.startsWith("INQUIRE TBSDATA");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (wanted && inquired != null) {
            StringBuilder line = new StringBuilder("D ");
            for (byte octet : inquired) {
                if (octet == '%' || octet == '\r' || octet == '\n') {
                    line.append(String.format("%%%02X", octet));
                } else {
                    line.append((char) (octet & 0xff));
                }
                if (line.length() > MAX_LINE - 10) {
                    out.writeBytes((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
                    line = new StringBuilder("D ");
                }
            }
            out.writeBytes((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
        }
        out.writeBytes("END\n".getBytes(StandardCharsets.ISO_8859_1));
        socket.send(out.toByteArray());
    }

    private byte[] line() throws AgentException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int octet = socket.read();
            if (octet == '\n') {
                return line.toByteArray();
            }
            if (line.size() == MAX_LINE) {
                throw failed("it sends too long a line");
            }
            line.write(octet);
        }
    }

    private static void unescape(byte[] line, ByteArrayOutputStream data) throws AgentException {
        for (int i = 2; i < line.length; i++) {
            int octet = line[i] & 0xff;
            if (octet == '%') {
                int high = i + 2 < line.length ? Character.digit(line[i + 1], 16) : -1;
                int low = i + 2 < line.length ? Character.digit(line[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    throw failed("it escapes wrongly");
                }
                octet = high << 4 | low;
                i += 2;
            }
            data.write(octet);
        }
        if (data.size() > MAX_DATA) {
            throw failed("it sends too much");
        }
    }

    private static AgentException error(String line) {
        String[] words = line.split(" ", 3);
        int code = 0;
        try {
            code = (int) (Long.parseLong(words[1]) & 0xffff);
        } catch (NumberFormatException e) {
            // Then the text has to do.
        }
        String said = words.length > 2 ? words[2] : line;
        return switch (code) {
            case CANCELED, FULLY_CANCELED ->
                new AgentException(
                        AgentException.Kind.CANCELLED, "the prompt of gpg-agent was cancelled: nothing was signed");
            case NO_SECRET_KEY ->
                new AgentException(
                        AgentException.Kind.NO_KEY,
                        "gpg-agent does not have the secret key; is the card in, the GnuPG home right?");
            case TIMEOUT ->
                new AgentException(AgentException.Kind.SLOW, "nobody answered the prompt of gpg-agent in time");
            case NO_PIN_ENTRY ->
                new AgentException(
                        AgentException.Kind.FAILED, "gpg-agent needs a passphrase and has no pinentry to ask for it");
            default -> failed(said);
        };
    }

    private static AgentException failed(String what) {
        return new AgentException(AgentException.Kind.FAILED, "gpg-agent: " + what);
    }

    @Override
    public void close() {
        socket.close();
    }
}
