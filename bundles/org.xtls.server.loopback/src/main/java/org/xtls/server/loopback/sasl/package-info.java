/** The server's side of SASL: PLAIN (RFC 4616) and SCRAM (RFC 5802, RFC 7677). */
@NullMarked
package org.xtls.server.loopback.sasl;

import org.jspecify.annotations.NullMarked;
