/** The service around the state machine: threads, time, and the services that come and go. */
@NullMarked
package org.xtls.tunnel.service;

import org.jspecify.annotations.NullMarked;
