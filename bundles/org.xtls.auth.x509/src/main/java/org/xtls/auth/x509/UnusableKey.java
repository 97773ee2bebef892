package org.xtls.auth.x509;

import java.nio.file.Path;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;

/** The failures of own keys: each names the file or the token. */
final class UnusableKey {
    private UnusableKey() {}

    /** What a file is called in failures, questions and logs. */
    static String file(Path file) {
        return "key file " + file;
    }

    static XtlsException because(String origin, String what) {
        return because(origin, what, "Correct it or the configuration " + Identities.PID + ".");
    }

    static XtlsException because(String origin, String what, String advice) {
        return new XtlsException(failure(origin, what, advice));
    }

    static Failure failure(String origin, String what, String advice) {
        return new Failure(Code.LOCAL, Fault.LOCAL, "The own " + origin + " " + what + ".", advice);
    }
}
