/** Frameworks started by Pax Exam in the test JVM, and the thin JUnit 5 driver that Pax Exam lacks. */
@NullMarked
package org.xtls.tests.container;

import org.jspecify.annotations.NullMarked;
