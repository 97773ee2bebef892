/** A page of the Felix Web Console. */
@NullMarked
package org.xtls.webconsole;

import org.jspecify.annotations.NullMarked;
