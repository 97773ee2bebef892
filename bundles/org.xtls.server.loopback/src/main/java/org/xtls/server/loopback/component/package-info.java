/** The server as a Declarative Services component, and its trace file. */
@NullMarked
package org.xtls.server.loopback.component;

import org.jspecify.annotations.NullMarked;
