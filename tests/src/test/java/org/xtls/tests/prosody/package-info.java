/** A real XMPP server. */
@NullMarked
package org.xtls.tests.prosody;

import org.jspecify.annotations.NullMarked;
