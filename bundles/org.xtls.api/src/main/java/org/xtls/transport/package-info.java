/**
 * For providers of transports: the link that carries XTLS stanzas between two full JIDs, and the service that logs in.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.transport;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
