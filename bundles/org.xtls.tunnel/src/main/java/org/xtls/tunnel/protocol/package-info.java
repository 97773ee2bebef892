/**
 * The protocol between two full JIDs as a state machine: events in, actions out, no input or output, no thread, no
 * clock.
 */
@NullMarked
package org.xtls.tunnel.protocol;

import org.jspecify.annotations.NullMarked;
