/** The real GnuPG for the stories, and what they need of a framework besides an actor. */
package org.xtls.tests.gnupg;
