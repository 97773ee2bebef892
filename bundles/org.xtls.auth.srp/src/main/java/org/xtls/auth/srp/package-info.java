/** The methods {@code srp-psk} and {@code srp}, the passwords and pairing codes behind them, and the check of open tunnels. */
@NullMarked
package org.xtls.auth.srp;

import org.jspecify.annotations.NullMarked;
