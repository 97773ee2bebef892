/** Where the project's performance figures come from; {@code benchmarks/run} runs them. */
@NullMarked
package org.xtls.benchmarks;

import org.jspecify.annotations.NullMarked;
