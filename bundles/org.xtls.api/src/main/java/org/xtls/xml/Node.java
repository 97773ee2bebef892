package org.xtls.xml;

/** What an element can hold: elements and text. */
public sealed interface Node permits Element, Text {}
