/**
 * Known keys and policy: what a handshake's proof is judged by.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.trust;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
