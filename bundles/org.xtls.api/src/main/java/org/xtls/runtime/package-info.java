/** What a container's XTLS is doing, as data transfer objects: for shells, consoles, health checks and JMX. */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.runtime;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
