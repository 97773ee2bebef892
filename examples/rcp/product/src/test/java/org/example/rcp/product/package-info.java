/** The application as it is installed, on a screen. */
package org.example.rcp.product;
