/**
 * A small immutable XML tree, written and read by the rules of RFC 6120 §11: no document type, no processing
 * instruction, no comment, no entity beyond the predefined five.
 */
@Export
@Version("0.1.0")
@NullMarked
package org.xtls.xml;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
