/** Starts an OSGi framework with the bundles of the distribution, and stops it in good order. */
@NullMarked
package org.xtls.launcher;

import org.jspecify.annotations.NullMarked;
