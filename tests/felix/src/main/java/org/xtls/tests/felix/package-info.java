/** A framework around one bundle. */
@NullMarked
package org.xtls.tests.felix;

import org.jspecify.annotations.NullMarked;
