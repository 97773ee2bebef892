package org.xtls.shell.session;

import org.apache.felix.service.command.Converter;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Bundles by number or symbolic name, for commands such as {@code felix:stop}. Where JLine is, it brings such a one. */
final class BundleConverter implements Converter {
    private final BundleContext context;

    BundleConverter(BundleContext context) {
        this.context = context;
    }

    @Override
    public @Nullable Object convert(Class<?> desired, Object word) {
        if (desired != Bundle.class) {
            return null;
        }
        String wanted = word.toString();
        for (Bundle bundle : context.getBundle(0).getBundleContext().getBundles()) {
            if (Long.toString(bundle.getBundleId()).equals(wanted) || wanted.equals(bundle.getSymbolicName())) {
                return bundle;
            }
        }
        return null;
    }

    @Override
    public @Nullable CharSequence format(Object target, int level, Converter escape) {
        return null;
    }
}
