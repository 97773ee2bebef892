/** What is to be seen on the wire. */
@NullMarked
package org.xtls.tests.wire;

import org.jspecify.annotations.NullMarked;
