package org.xtls.health;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
        name = "XTLS health checks",
        description = "When the health check of own keys warns. A change holds from the next check on.")
@interface Configuration {
    /** Configuration: how early to warn. */
    @AttributeDefinition(
            name = "Expiry warning",
            description = "How long before the own key of an account that is logged in expires the check warns. Unit:"
                    + " days. Default: 30. Range: 1 to 365.",
            min = "1",
            max = "365",
            required = false)
    int expiryWarningDays() default OwnKeysCheck.WARNING_DAYS;
}
