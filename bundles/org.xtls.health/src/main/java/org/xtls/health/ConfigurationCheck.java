package org.xtls.health;

import java.util.List;
import org.apache.felix.hc.api.FormattingResultLog;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.runtime.RuntimeDTO;

/** Whether tunnel service and policy run on a sound configuration. */
@Component(property = {HealthCheck.NAME + "=XTLS configuration", HealthCheck.TAGS + "=xtls"})
public final class ConfigurationCheck implements HealthCheck {
    /** How the runtime's description begins what is wrong with a configuration. */
    static final String PREFIX = "sound configuration: ";

    private final Observed observed;

    @Activate
    public ConfigurationCheck(@Reference Observed observed) {
        this.observed = observed;
    }

    @Override
    public Result execute() {
        return observed.now()
                .map(ConfigurationCheck::judge)
                .orElseGet(() -> new Result(Result.Status.CRITICAL, Observed.NONE));
    }

    private static Result judge(RuntimeDTO now) {
        FormattingResultLog log = new FormattingResultLog();
        List<String> wrong = now.missing.stream()
                .filter(missing -> missing.startsWith(PREFIX))
                .map(missing -> missing.substring(PREFIX.length()))
                .toList();
        wrong.forEach(problem -> log.critical("No tunnel is made: {}", problem));
        if (wrong.isEmpty()) {
            log.info("It is sound.");
            now.policy.forEach((key, value) -> log.info("{} {}", key, value));
        }
        return new Result(log);
    }
}
