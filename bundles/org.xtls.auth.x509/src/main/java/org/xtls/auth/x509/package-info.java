/** The authentication method {@code x509}. */
@NullMarked
package org.xtls.auth.x509;

import org.jspecify.annotations.NullMarked;
