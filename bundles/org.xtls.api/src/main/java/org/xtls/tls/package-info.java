/**
 * For providers of TLS engines: a sans-IO session, the closed set of credentials it takes and of proofs it yields.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.tls;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
