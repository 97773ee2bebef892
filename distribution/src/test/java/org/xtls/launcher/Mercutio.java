package org.xtls.launcher;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** A bundle that says when it comes and goes. */
public final class Mercutio implements BundleActivator {
    static final String COMES = "Nay, gentle Romeo, we must have you dance.";
    static final String GOES = "Ask for me to-morrow, and you shall find me a grave man.";

    @Override
    public void start(BundleContext context) {
        System.out.println(COMES);
    }

    @Override
    public void stop(BundleContext context) {
        System.out.println(GOES);
    }
}
