@NullMarked
package org.xtls.trust.file;

import org.jspecify.annotations.NullMarked;
