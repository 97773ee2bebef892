package org.xtls.health;

import java.util.List;
import org.apache.felix.hc.api.FormattingResultLog;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.runtime.RuntimeDTO;

/** Whether every service is there without which no tunnel is made. */
@Component(property = {HealthCheck.NAME + "=XTLS services", HealthCheck.TAGS + "=xtls"})
public final class ServicesCheck implements HealthCheck {
    private final Observed observed;

    @Activate
    public ServicesCheck(@Reference Observed observed) {
        this.observed = observed;
    }

    @Override
    public Result execute() {
        return observed.now()
                .map(ServicesCheck::judge)
                .orElseGet(() -> new Result(Result.Status.CRITICAL, Observed.NONE));
    }

    private static Result judge(RuntimeDTO now) {
        FormattingResultLog log = new FormattingResultLog();
        List<String> services = now.missing.stream()
                .filter(missing -> !missing.startsWith(ConfigurationCheck.PREFIX))
                .toList();
        services.forEach(missing -> log.critical("There is no {}. Is its bundle installed and started?", missing));
        if (services.isEmpty()) {
            log.info("TLS engine, trust store and methods are there: {}", String.join(", ", methods(now)));
        }
        return new Result(log);
    }

    private static List<String> methods(RuntimeDTO now) {
        return now.methods.stream().map(method -> method.name).distinct().toList();
    }
}
