/** The IQ transport: Smack's connections on one side, links of the api on the other. */
@NullMarked
package org.xtls.transport.smack;

import org.jspecify.annotations.NullMarked;
