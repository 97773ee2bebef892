package org.xtls.health;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.felix.hc.api.FormattingResultLog;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.FullJid;
import org.xtls.XtlsException;
import org.xtls.auth.OwnKey;
import org.xtls.auth.OwnKeys;

/** Whether the keys of the accounts that are logged in can be used, and will be for some time. */
// Immediate: between two checks nobody holds it, and it would forget the configuration that was sound.
@Component(
        immediate = true,
        configurationPid = OwnKeysCheck.PID,
        property = {HealthCheck.NAME + "=XTLS own keys", HealthCheck.TAGS + "=xtls"})
@Designate(ocd = Configuration.class)
public final class OwnKeysCheck implements HealthCheck {
    /** The name of the configuration. */
    public static final String PID = "org.xtls.health";

    static final int WARNING_DAYS = 30;

    private static final Logger LOG = LoggerFactory.getLogger(OwnKeysCheck.class);
    private static final int MOST_DAYS = 365;

    private final Observed observed;
    private final Clock clock;

    /** Null until the configuration makes sense; then {@link #problem} says what does not. */
    private volatile @Nullable Duration warning;

    private volatile String problem = "";

    @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
    volatile List<OwnKeys> methods = List.of();

    @Activate
    public OwnKeysCheck(@Reference Observed observed, Configuration configuration) {
        this(observed, Clock.systemUTC(), configuration);
    }

    OwnKeysCheck(Observed observed, Clock clock, Configuration configuration) {
        this.observed = observed;
        this.clock = clock;
        modified(configuration);
    }

    /** Applies a changed configuration. One that makes no sense is reported, and a former one that does stays. */
    @Modified
    void modified(Configuration configuration) {
        try {
            warning = Duration.ofDays(days(configuration));
        } catch (IllegalArgumentException e) {
            problem = "configuration " + PID + ": " + e.getMessage() + ". Correct it.";
            LOG.error("{}", problem);
        }
    }

    private static int days(Configuration configuration) {
        int days;
        try {
            days = configuration.expiryWarningDays();
        } catch (RuntimeException e) {
            // Declarative Services throw from here what they cannot turn into this type.
            throw new IllegalArgumentException("expiryWarningDays: it is no whole number", e);
        }
        if (days < 1 || days > MOST_DAYS) {
            throw new IllegalArgumentException("expiryWarningDays: " + days + " is not from 1 to " + MOST_DAYS);
        }
        return days;
    }

    @Override
    public Result execute() {
        Duration early = warning;
        if (early == null) {
            return new Result(Result.Status.CRITICAL, problem);
        }
        return observed.now()
                .map(now -> judge(now.links, early))
                .orElseGet(() -> new Result(Result.Status.CRITICAL, Observed.NONE));
    }

    private Result judge(List<String> links, Duration early) {
        FormattingResultLog log = new FormattingResultLog();
        List<Asked> all = new ArrayList<>();
        for (BareJid account : links.stream()
                .map(link -> FullJid.parse(link).bare())
                .distinct()
                .toList()) {
            for (OwnKeys method : methods) {
                all.add(new Asked(account, method.held(account).toCompletableFuture()));
            }
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TrustStoreCheck.PATIENCE_MILLIS);
        boolean silent = true;
        for (Asked asked : all) {
            List<OwnKey> keys = asked.answer(deadline, log);
            silent &= keys != null && keys.isEmpty();
            if (keys != null && !keys.isEmpty()) {
                judge(asked.account, keys.get(keys.size() - 1), early, log);
            }
        }
        if (silent) {
            log.info("There are no own keys to look at.");
        }
        return new Result(log);
    }

    /** The current key may be near its end, where the one that will follow is there. */
    private void judge(BareJid account, OwnKey last, Duration early, FormattingResultLog log) {
        Instant until = last.until();
        if (until == null) {
            log.info("{}: {} does not expire", account, last.name());
            return;
        }
        LocalDate day = LocalDate.ofInstant(until, ZoneOffset.UTC);
        Instant now = clock.instant();
        if (now.isAfter(until)) {
            log.critical("{}: {} expired on {}. Renew it.", account, last.name(), day);
        } else if (now.plus(early).isAfter(until)) {
            log.warn(
                    "{}: {} expires on {}, in {} days. Renew it.",
                    account,
                    last.name(),
                    day,
                    Duration.between(now, until).toDays());
        } else {
            log.info("{}: {} is good until {}", account, last.name(), day);
        }
    }

    private record Asked(BareJid account, CompletableFuture<List<OwnKey>> keys) {
        /** The keys; null when there is no answer, which is in the log then. */
        @Nullable
        List<OwnKey> answer(long deadline, FormattingResultLog log) {
            try {
                return keys.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                log.critical(
                        "{}: how its own keys stand was not told within {} ms.",
                        account,
                        TrustStoreCheck.PATIENCE_MILLIS);
            } catch (CancellationException e) {
                log.critical("{}: the question how its own keys stand was given up.", account);
            } catch (ExecutionException e) {
                log.critical(
                        "{}: {}",
                        account,
                        e.getCause() instanceof XtlsException failed
                                ? failed.failure().text()
                                : e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                log.critical("The check was interrupted.");
            }
            return null;
        }
    }
}
