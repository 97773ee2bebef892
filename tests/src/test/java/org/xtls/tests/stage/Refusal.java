package org.xtls.tests.stage;

/** A failure of the api as it crosses the boundary. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;
    private final String fault;

    /** Makes one. */
    public Refusal(String code, String fault, String message) {
        super(message);
        this.code = code;
        this.fault = fault;
    }

    /** What happened, a name of {@code Failure.Code}. */
    public String code() {
        return code;
    }

    /** At whose door it lies, a name of {@code Failure.Fault}. */
    public String fault() {
        return fault;
    }

    @Override
    public String toString() {
        return code + " (" + fault + "): " + getMessage();
    }
}
