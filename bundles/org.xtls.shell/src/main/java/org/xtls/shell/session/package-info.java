/** Sessions without a terminal: commands from a file or standard input, line by line. */
@NullMarked
package org.xtls.shell.session;

import org.jspecify.annotations.NullMarked;
