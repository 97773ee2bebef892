package org.xtls.shell;

/** A command that failed, with what its user is told. */
final class CommandException extends Exception {
    private static final long serialVersionUID = 1L;

    CommandException(String message) {
        super(Printable.text(message), null, false, false);
    }

    static CommandException usage(String problem, String usage) {
        return new CommandException(problem + "; usage: " + Usage.syntax(usage));
    }

    static CommandException missing(String what, String bundle) {
        return new CommandException("There is no " + what + ": is bundle " + bundle + " active?");
    }

    /** Without the class: Gogo's shell shows this string, not the message, to people. */
    @Override
    @SuppressWarnings("OverrideThrowableToString")
    public String toString() {
        return String.valueOf(getMessage());
    }
}
