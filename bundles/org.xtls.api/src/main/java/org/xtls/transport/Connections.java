package org.xtls.transport;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;
import org.xtls.FullJid;

/**
 * A service that logs in to XMPP servers. A transport then finds the connection and makes a {@link Link} of it. It may
 * be used from any thread and never blocks.
 */
@ProviderType
public interface Connections {
    /**
     * Logs in.
     *
     * @param login what it takes
     * @return the bound address once the session is there; fails with {@link org.xtls.XtlsException}, whose message says
     *     whether the server was not reached, was not trusted, or refused the password
     */
    CompletionStage<FullJid> connect(Login login);

    /**
     * Logs out. When no such session is there it does nothing.
     *
     * @param local the bound address
     * @return completes when the stream is closed
     */
    CompletionStage<Void> disconnect(FullJid local);

    /**
     * The sessions that are there.
     *
     * @return their bound addresses
     */
    List<FullJid> connected();
}
