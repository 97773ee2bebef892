/** The trust store that keeps known keys in one text file. */
@NullMarked
package org.xtls.trust.file;

import org.jspecify.annotations.NullMarked;
