/** What can be configured, as the metatype in the bundles' jars says it. */
@NullMarked
package org.xtls.tests.configuration;

import org.jspecify.annotations.NullMarked;
