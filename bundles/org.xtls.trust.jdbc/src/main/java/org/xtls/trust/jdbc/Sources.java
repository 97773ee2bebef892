package org.xtls.trust.jdbc;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.osgi.service.jdbc.DataSourceFactory;
import org.xtls.Failure;
import org.xtls.Failure.Code;
import org.xtls.XtlsException;

/** The services that connections come from, as they come and go. */
final class Sources {
    private static final String POSTGRESQL = "org.postgresql.Driver";
    private static final String RANKING = "service.ranking";

    private final Map<DataSourceFactory, Map<String, Object>> drivers = new ConcurrentHashMap<>();
    private volatile @Nullable DataSource dataSource;

    void add(DataSourceFactory driver, Map<String, Object> properties) {
        drivers.put(driver, properties);
    }

    void remove(DataSourceFactory driver) {
        drivers.remove(driver);
    }

    void set(DataSource service) {
        dataSource = service;
    }

    void unset(DataSource service) {
        if (service.equals(dataSource)) {
            dataSource = null;
        }
    }

    Source source(Settings settings) throws SQLException, XtlsException {
        if (settings.url().isEmpty()) {
            DataSource service = dataSource;
            if (service == null) {
                throw gone(
                        "There is no DataSource service that matches " + settings.filter() + ".",
                        "Register one, or give configuration " + JdbcTrustStore.PID + " a url.");
            }
            return new Source(service, service);
        }
        DataSourceFactory driver = driver(settings.driver())
                .orElseThrow(() ->
                        gone("There is no JDBC driver " + settings.driver() + ".", "Install and start its bundle."));
        return new Source(driver, driver.createDataSource(properties(settings)));
    }

    private Optional<DataSourceFactory> driver(String className) {
        return drivers.entrySet().stream()
                .filter(driver -> className.equals(driver.getValue().get(DataSourceFactory.OSGI_JDBC_DRIVER_CLASS)))
                .max(Comparator.comparing(driver -> ranking(driver.getValue())))
                .map(Map.Entry::getKey);
    }

    private static Properties properties(Settings settings) {
        Properties properties = new Properties();
        properties.setProperty(DataSourceFactory.JDBC_URL, settings.url());
        if (!settings.user().isEmpty()) {
            properties.setProperty(DataSourceFactory.JDBC_USER, settings.user());
        }
        if (!settings.password().isEmpty()) {
            properties.setProperty(DataSourceFactory.JDBC_PASSWORD, settings.password());
        }
        if (settings.driver().equals(POSTGRESQL)) {
            // Logging in has no other limit: a server that takes the connection and says nothing would hold the thread.
            for (String limit : new String[] {"connectTimeout", "socketTimeout"}) {
                if (!settings.url().contains(limit)) {
                    properties.setProperty(limit, Integer.toString(settings.timeoutSeconds()));
                }
            }
        }
        return properties;
    }

    private static Integer ranking(Map<String, Object> properties) {
        return Objects.requireNonNullElse(properties.get(RANKING), 0) instanceof Integer ranking ? ranking : 0;
    }

    private static XtlsException gone(String message, String advice) {
        Failure failure = Failures.local(Code.SERVICE_GONE, message, advice);
        return new XtlsException(failure);
    }

    /** Makes connections until the service behind it goes. */
    record Source(Object service, DataSource dataSource) {}
}
