package org.xtls.trust.jdbc;

/** Settings of stores that are given their DataSource. */
final class TestSettings {
    private TestSettings() {}

    static Settings inSchema(String schema) {
        return of(schema, 1, 30, Settings.FIRST_USE_LIMIT);
    }

    static Settings of(String schema, int pollSeconds, int timeoutSeconds, int firstUseLimit) {
        return new Settings("", "", "", "", "", schema, pollSeconds, timeoutSeconds, firstUseLimit);
    }
}
