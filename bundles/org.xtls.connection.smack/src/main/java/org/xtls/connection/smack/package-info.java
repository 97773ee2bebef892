/** Logs in to XMPP servers with Smack, on somebody's word or from configuration. */
@NullMarked
package org.xtls.connection.smack;

import org.jspecify.annotations.NullMarked;
