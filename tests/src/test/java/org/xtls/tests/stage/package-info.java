/** The boundary between the test JVM and a framework in it: types of the JDK only, exported by the system bundle. */
@NullMarked
package org.xtls.tests.stage;

import org.jspecify.annotations.NullMarked;
