/**
 * For applications: open a tunnel to a peer, send stanzas through it, listen to what comes out.
 *
 * <p>The entry point is the service {@link org.xtls.Xtls}; what comes out of tunnels goes to every service of type
 * {@link org.xtls.TunnelListener}.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
