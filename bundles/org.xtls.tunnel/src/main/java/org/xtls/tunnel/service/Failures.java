package org.xtls.tunnel.service;

import java.util.TreeSet;
import org.xtls.BareJid;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;
import org.xtls.trust.Policy;

/** Failures that have one wording wherever they come up. */
final class Failures {
    private Failures() {}

    static Failure missing(String what) {
        return new Failure(
                Code.SERVICE_GONE,
                Fault.LOCAL,
                "there is no " + what + " in this container",
                "Is its bundle installed and started?");
    }

    static Failure misconfigured(String problem) {
        return new Failure(Code.LOCAL, Fault.LOCAL, problem, "Correct it.");
    }

    /** A method that a rule leaves out. */
    static String forbidden(BareJid peer, Policy policy, String method) {
        String statement = policy.never().contains(method)
                ? "never " + method
                : "require " + String.join(" ", new TreeSet<>(policy.only()));
        return "the policy for " + peer + " (" + statement + ") forbids " + method;
    }

    static Failure gone(String what) {
        return new Failure(
                Code.SERVICE_GONE, Fault.LOCAL, "the " + what + " went away", "Open the tunnel again when it is back.");
    }

    static Failure replaced(String what) {
        return new Failure(Code.SERVICE_GONE, Fault.LOCAL, "the " + what + " was replaced", "Open the tunnel again.");
    }
}
