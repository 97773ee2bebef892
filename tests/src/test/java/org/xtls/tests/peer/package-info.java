/** An independent peer that knows nothing of this project's code, its TLS done by OpenSSL. */
@NullMarked
package org.xtls.tests.peer;

import org.jspecify.annotations.NullMarked;
