/** What every user of Smack does first. */
@NullMarked
package org.xtls.embedded.smack;

import org.jspecify.annotations.NullMarked;
