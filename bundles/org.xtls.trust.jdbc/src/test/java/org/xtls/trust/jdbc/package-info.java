@NullMarked
package org.xtls.trust.jdbc;

import org.jspecify.annotations.NullMarked;
