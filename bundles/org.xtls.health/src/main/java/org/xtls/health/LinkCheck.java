package org.xtls.health;

import org.apache.felix.hc.api.FormattingResultLog;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.xtls.runtime.RuntimeDTO;

/** Whether there is a connection to an XMPP server. */
@Component(property = {HealthCheck.NAME + "=XTLS link", HealthCheck.TAGS + "=xtls"})
public final class LinkCheck implements HealthCheck {
    private final Observed observed;

    @Activate
    public LinkCheck(@Reference Observed observed) {
        this.observed = observed;
    }

    @Override
    public Result execute() {
        return observed.now().map(LinkCheck::judge).orElseGet(() -> new Result(Result.Status.CRITICAL, Observed.NONE));
    }

    private static Result judge(RuntimeDTO now) {
        FormattingResultLog log = new FormattingResultLog();
        if (now.links.isEmpty()) {
            log.critical("There is no connection to a server.");
        }
        now.links.forEach(link -> log.info("connected as {}", link));
        return new Result(log);
    }
}
