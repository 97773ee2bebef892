/** XML streams as RFC 6120 restricts them, read from untrusted bytes. */
@NullMarked
package org.xtls.server.loopback.xml;

import org.jspecify.annotations.NullMarked;
