/** Stories: Romeo and Juliet, each in a framework of their own, with real servers and peers between and around them. */
@NullMarked
package org.xtls.tests;

import org.jspecify.annotations.NullMarked;
