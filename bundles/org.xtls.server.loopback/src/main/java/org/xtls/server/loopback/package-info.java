/**
 * A small in-process XMPP server for demonstrations and tests: binds 127.0.0.1 only, keeps nothing, knows the users it
 * is given at the start. {@link org.xtls.server.loopback.LoopbackServer} runs it, {@link
 * org.xtls.server.loopback.Wiretap} shows what such a server sees and {@link org.xtls.server.loopback.Interceptor}
 * makes it a hostile one.
 *
 * <p>Never part of a production feature: passwords cross the loopback interface without TLS.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.server.loopback;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
