/** Tunnels without OSGi. */
@NullMarked
package org.example.plain;

import org.jspecify.annotations.NullMarked;
