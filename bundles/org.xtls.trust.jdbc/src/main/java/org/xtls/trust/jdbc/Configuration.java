package org.xtls.trust.jdbc;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
        name = "XTLS trust store (JDBC)",
        description = "The database in which a fleet of containers keeps the known keys of peers. Without a"
                + " configuration this store is not there. A change takes effect at once.")
@interface Configuration {
    /** Where the database is. */
    @AttributeDefinition(
            name = "URL",
            description = "JDBC URL of the database, jdbc:postgresql:… or jdbc:h2:…, without user and password."
                    + " Default, when empty: the DataSource service that 'dataSource.target' selects.",
            required = false)
    String url() default "";

    /** Who logs in. */
    @AttributeDefinition(
            name = "User",
            description = "Name of the database's user; only with a URL. Default, when empty: the driver's own.",
            required = false)
    String user() default "";

    /** How. */
    @AttributeDefinition(
            name = "Password",
            description = "Password of the database's user; only with a URL. It is never logged. Default, when"
                    + " empty: the driver's own.",
            type = AttributeType.PASSWORD,
            required = false)
    String _password() default "";

    /** What makes connections. */
    @AttributeDefinition(
            name = "Driver",
            description = "Class name of the JDBC driver, as its bundle registers it (service property"
                    + " 'osgi.jdbc.driver.class' of a DataSourceFactory); only with a URL. Default, when empty:"
                    + " org.postgresql.Driver for jdbc:postgresql: and org.h2.Driver for jdbc:h2:.",
            required = false)
    String driver() default "";

    /** Which DataSource service. */
    @AttributeDefinition(
            name = "DataSource filter",
            description = "OSGi filter that selects the javax.sql.DataSource service; only without a URL. Default:"
                    + " (dataSourceName=xtls-trust).",
            required = false)
    String dataSource_target() default "(dataSourceName=xtls-trust)";

    /** Where the tables are. */
    @AttributeDefinition(
            name = "Schema",
            description = "PostgreSQL schema that holds the tables: 1 to 63 of a-z, 0-9 and _, a letter first; it"
                    + " has to exist. Two fleets share a database with a schema for each. Default, when empty:"
                    + " the user's own search path.",
            required = false)
    String schema() default "";

    /** How soon the changes of others are told. */
    @AttributeDefinition(
            name = "Poll interval",
            description = "How long it is between two looks for changes that other containers have made. Unit:"
                    + " seconds. Default: 5. Range: 1 to 3600.",
            min = "1",
            max = "3600",
            required = false)
    int pollSeconds() default 5;

    /** How long the database may take. */
    @AttributeDefinition(
            name = "Timeout",
            description = "How long the database may take to be reached, to answer, and to hand over a lock; also"
                    + " the time after which PostgreSQL gives up a transaction of a container that hangs. Unit:"
                    + " seconds. Default: 10. Range: 1 to 300.",
            min = "1",
            max = "300",
            required = false)
    int timeoutSeconds() default 10;

    /** The bound against strangers who fill the database. */
    @AttributeDefinition(
            name = "First-use limit",
            description = "How many keys taken on first use the database holds in all; beyond it this container"
                    + " takes none, so that strangers cannot fill it. Keys that somebody verified or distrusted"
                    + " do not count. Unit: keys. Default: 10000. Range: 0 to 1000000.",
            min = "0",
            max = "1000000",
            required = false)
    int firstUseLimit() default Settings.FIRST_USE_LIMIT;
}
