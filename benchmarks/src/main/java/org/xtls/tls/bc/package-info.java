/** What can be set on the engine only from inside its package. */
@NullMarked
package org.xtls.tls.bc;

import org.jspecify.annotations.NullMarked;
