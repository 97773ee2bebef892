/** The house's walls, as built. */
@NullMarked
package org.xtls.tests.manifest;

import org.jspecify.annotations.NullMarked;
