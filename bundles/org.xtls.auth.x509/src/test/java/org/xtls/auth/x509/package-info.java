@NullMarked
package org.xtls.auth.x509;

import org.jspecify.annotations.NullMarked;
