/** Files that are this process's alone: kept from other users, and from other processes of the same user. */
@NullMarked
package org.xtls.embedded.files;

import org.jspecify.annotations.NullMarked;
