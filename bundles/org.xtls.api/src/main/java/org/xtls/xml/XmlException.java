package org.xtls.xml;

/** XML that is not well formed, or that breaks a rule of RFC 6120 §11 or a bound. The message says which, in one line. */
public final class XmlException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what is wrong with the XML
     */
    public XmlException(String message) {
        super(message);
    }

    /**
     * Makes one from a parser's complaint.
     *
     * @param message what is wrong with the XML
     * @param cause the complaint
     */
    public XmlException(String message, Throwable cause) {
        super(message, cause);
    }
}
