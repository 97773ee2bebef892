/** The bundle inside a framework that does what the story says, through the services of the api. */
@NullMarked
package org.xtls.tests.driver;

import org.jspecify.annotations.NullMarked;
