package org.xtls.server.loopback;

/**
 * What an {@link Element} holds: elements and text, and nothing else (RFC 6120, section 11.1, forbids the rest of XML).
 */
public sealed interface Node permits Element, Text {}
