/** Client-to-server streams (RFC 6120) and the routing between them (RFC 6121). */
@NullMarked
package org.xtls.server.loopback.c2s;

import org.jspecify.annotations.NullMarked;
