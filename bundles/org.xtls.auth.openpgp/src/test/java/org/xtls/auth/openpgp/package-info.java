@NullMarked
package org.xtls.auth.openpgp;

import org.jspecify.annotations.NullMarked;
