package org.xtls.tunnel.service;

import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.Failure.Fault;

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

    static Failure gone(String what) {
        return new Failure(
                Code.SERVICE_GONE, Fault.LOCAL, "the " + what + " went away", "Open the tunnel again when it is back.");
    }

    static Failure replaced(String what) {
        return new Failure(Code.SERVICE_GONE, Fault.LOCAL, "the " + what + " was replaced", "Open the tunnel again.");
    }
}
