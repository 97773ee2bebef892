package org.xtls.xml;

/**
 * Bounds on one element read from a peer: without them a few bytes per level or attribute would buy a lot of memory, or
 * all of the stack. How many bytes there may be is for whoever reads them to bound.
 *
 * @param depth levels of elements, the outermost counted; 1 to {@link #MAX_DEPTH}
 * @param attributes attributes and namespace declarations of one element together; at least 1
 * @param nodes elements and texts in the whole tree; at least 1
 */
public record XmlLimits(int depth, int attributes, int nodes) {
    /**
     * The deepest tree that may be asked for: trees are walked recursively, on stacks of any thread. From JDK 24 on the
     * JDK's own parser goes no deeper either.
     */
    public static final int MAX_DEPTH = 100;

    /** 64 levels, 64 attributes, 65,536 nodes. */
    public static final XmlLimits DEFAULT = new XmlLimits(64, 64, 65_536);

    /**
     * Checks the bounds.
     *
     * @param depth levels of elements
     * @param attributes attributes and namespace declarations of one element
     * @param nodes elements and texts in the whole tree
     * @throws IllegalArgumentException when one is out of its range
     */
    public XmlLimits {
        if (depth < 1 || depth > MAX_DEPTH || attributes < 1 || nodes < 1) {
            throw new IllegalArgumentException("bounds on XML are at least 1, and that on depth at most " + MAX_DEPTH);
        }
    }
}
