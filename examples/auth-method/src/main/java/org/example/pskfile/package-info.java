/** The method {@code psk-file}. */
@NullMarked
package org.example.pskfile;

import org.jspecify.annotations.NullMarked;
