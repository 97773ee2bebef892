/** An Eclipse RCP application with a view of tunnels. */
@NullMarked
package org.example.rcp;

import org.jspecify.annotations.NullMarked;
