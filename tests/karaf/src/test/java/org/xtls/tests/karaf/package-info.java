/** The features file, installed into a Karaf that runs as its users run it. */
@NullMarked
package org.xtls.tests.karaf;

import org.jspecify.annotations.NullMarked;
