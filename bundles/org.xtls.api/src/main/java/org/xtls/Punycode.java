package org.xtls;

/** RFC 3492: Unicode labels in ASCII, without the {@code xn--} in front. */
final class Punycode {
    private static final int BASE = 36;
    private static final int T_MIN = 1;
    private static final int T_MAX = 26;

    private Punycode() {}

    /** §6.2. Takes lower-case digits only: there is one spelling. */
    static String decode(String punycode) {
        int delimiter = punycode.lastIndexOf('-');
        StringBuilder decoded = new StringBuilder(Math.max(delimiter, 0));
        if (delimiter > 0) {
            decoded.append(punycode, 0, delimiter);
        }
        int count = decoded.length();
        int codePoint = 128;
        int bias = 72;
        int index = 0;
        int in = delimiter + 1;
        while (in < punycode.length()) {
            int before = index;
            long weight = 1;
            for (int k = BASE; ; k += BASE) {
                if (in == punycode.length()) {
                    throw new IllegalArgumentException("the Punycode '" + punycode + "' breaks off");
                }
                int digit = digit(punycode.charAt(in++));
                index = bounded(index + digit * weight);
                int threshold = threshold(k, bias);
                if (digit < threshold) {
                    break;
                }
                weight = bounded(weight * (BASE - threshold));
            }
            count++;
            bias = adapt(index - before, count, before == 0);
            codePoint = bounded((long) codePoint + index / count);
            index %= count;
            if (codePoint > Character.MAX_CODE_POINT
                    || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE)) {
                throw new IllegalArgumentException("the Punycode '" + punycode + "' holds no Unicode");
            }
            decoded.insert(decoded.offsetByCodePoints(0, index), Character.toChars(codePoint));
            index++;
        }
        return decoded.toString();
    }

    /** §6.3. For labels: 63 characters cannot make {@code delta} overflow. */
    static String encode(String text) {
        int[] codePoints = text.codePoints().toArray();
        StringBuilder encoded = new StringBuilder();
        for (int c : codePoints) {
            if (c < 128) {
                encoded.append((char) c);
            }
        }
        int handled = encoded.length();
        int basic = handled;
        if (handled > 0) {
            encoded.append('-');
        }
        int codePoint = 128;
        int bias = 72;
        int delta = 0;
        while (handled < codePoints.length) {
            int next = Integer.MAX_VALUE;
            for (int c : codePoints) {
                next = c >= codePoint && c < next ? c : next;
            }
            delta = delta + (next - codePoint) * (handled + 1);
            codePoint = next;
            for (int c : codePoints) {
                if (c < codePoint) {
                    delta++;
                } else if (c == codePoint) {
                    int rest = delta;
                    int k = BASE;
                    for (int threshold = threshold(k, bias); rest >= threshold; threshold = threshold(k, bias)) {
                        encoded.append(character(threshold + (rest - threshold) % (BASE - threshold)));
                        rest = (rest - threshold) / (BASE - threshold);
                        k += BASE;
                    }
                    encoded.append(character(rest));
                    handled++;
                    bias = adapt(delta, handled, handled == basic + 1);
                    delta = 0;
                }
            }
            delta++;
            codePoint++;
        }
        return encoded.toString();
    }

    /** §6.1. */
    private static int adapt(int delta, int count, boolean first) {
        int rest = first ? delta / 700 : delta / 2;
        rest += rest / count;
        int k = 0;
        while (rest > (BASE - T_MIN) * T_MAX / 2) {
            rest /= BASE - T_MIN;
            k += BASE;
        }
        return k + (BASE - T_MIN + 1) * rest / (rest + 38);
    }

    private static int bounded(long value) {
        if (value > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the Punycode holds no Unicode");
        }
        return (int) value;
    }

    private static int threshold(int k, int bias) {
        return Math.min(T_MAX, Math.max(T_MIN, k - bias));
    }

    private static int digit(char c) {
        if (c >= 'a' && c <= 'z') {
            return c - 'a';
        }
        if (c >= '0' && c <= '9') {
            return c - '0' + 26;
        }
        throw new IllegalArgumentException("'" + c + "' is no digit of Punycode");
    }

    private static char character(int digit) {
        return (char) (digit < 26 ? 'a' + digit : '0' + digit - 26);
    }
}
