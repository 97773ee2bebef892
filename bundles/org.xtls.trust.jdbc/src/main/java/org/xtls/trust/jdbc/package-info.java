/** Known keys in a database that containers share. */
@NullMarked
package org.xtls.trust.jdbc;

import org.jspecify.annotations.NullMarked;
