/**
 * Bootstrapping trust (XEP-0250, XEP-0189 0.8): in a tunnel that is verified and confirmed each side asks the other for
 * its keys, and pins those that the other proves to hold. It stands on the contract alone, as an application does.
 */
@NullMarked
package org.xtls.tunnel.keys;

import org.jspecify.annotations.NullMarked;
