/** What the tunnel service counts, as an MXBean. */
@NullMarked
package org.xtls.jmx;

import org.jspecify.annotations.NullMarked;
