/** A certification authority run by OpenSSL, as a company would run one. */
package org.xtls.tests.pki;
