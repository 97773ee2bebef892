@NullMarked
package org.xtls.auth.srp;

import org.jspecify.annotations.NullMarked;
