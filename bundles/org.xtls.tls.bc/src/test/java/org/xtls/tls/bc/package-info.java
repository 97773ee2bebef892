/** Tests of the engine. */
@NullMarked
package org.xtls.tls.bc;

import org.jspecify.annotations.NullMarked;
