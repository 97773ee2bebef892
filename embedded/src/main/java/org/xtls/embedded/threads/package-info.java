/** Threads that end with the component they work for. */
@NullMarked
package org.xtls.embedded.threads;

import org.jspecify.annotations.NullMarked;
