/**
 * For applications and shells: the passwords and pairing codes that this side shares with its peers, and the check of a
 * tunnel by such a secret.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.password;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
