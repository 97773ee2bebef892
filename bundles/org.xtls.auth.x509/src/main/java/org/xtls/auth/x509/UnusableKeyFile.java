package org.xtls.auth.x509;

import java.nio.file.Path;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.XtlsException;

/** The failures of own key files: each names the file. */
final class UnusableKeyFile {
    private UnusableKeyFile() {}

    static XtlsException because(Path file, String what) {
        return because(file, what, "Correct the file or the configuration " + Identities.PID + ".");
    }

    static XtlsException because(Path file, String what, String advice) {
        return new XtlsException(
                new Failure(Code.LOCAL, Fault.LOCAL, "The own key file " + file + " " + what + ".", advice));
    }
}
