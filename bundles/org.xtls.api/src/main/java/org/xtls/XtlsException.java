package org.xtls;

/**
 * The one exception that stages of this API complete with. Its message is {@link Failure#text()}.
 *
 * @serial exclude
 */
public final class XtlsException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Failure failure;

    /**
     * Makes one.
     *
     * @param failure why
     */
    public XtlsException(Failure failure) {
        super(failure.text());
        this.failure = failure;
    }

    /**
     * Why.
     *
     * @return the failure
     */
    public Failure failure() {
        return failure;
    }
}
