/** The TLS engine over Bouncy Castle's non-blocking TLS API. Not exported: it is used as a service. */
@NullMarked
package org.xtls.tls.bc;

import org.jspecify.annotations.NullMarked;
