/** The commands of scope {@code xtls}. */
@NullMarked
package org.xtls.shell;

import org.jspecify.annotations.NullMarked;
