package org.xtls;

/**
 * How a tunnel ended.
 *
 * @param orderly true when this side or the peer closed it and nothing was cut off
 * @param failure why, with the code that a send still waiting fails with
 */
public record Closure(boolean orderly, Failure failure) {}
