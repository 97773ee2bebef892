/** Felix Health Checks of this container's XTLS. */
@NullMarked
package org.xtls.health;

import org.jspecify.annotations.NullMarked;
