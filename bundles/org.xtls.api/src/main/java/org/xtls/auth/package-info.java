/**
 * For authors of authentication methods: the four steps of a method and the values that pass between it and the
 * tunnel.
 */
@Export
@Version("0.2.0")
@NullMarked
package org.xtls.auth;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
