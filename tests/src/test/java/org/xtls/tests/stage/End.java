package org.xtls.tests.stage;

/** How a tunnel ended. */
public record End(boolean orderly, String code, String fault, String message) {}
