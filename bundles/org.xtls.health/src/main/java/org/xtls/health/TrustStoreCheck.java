package org.xtls.health;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.xtls.BareJid;
import org.xtls.XtlsException;
import org.xtls.trust.TrustStore;

/** Whether the trust store answers: the service of one whose database is gone is still there. */
@Component(property = {HealthCheck.NAME + "=XTLS trust store", HealthCheck.TAGS + "=xtls"})
public final class TrustStoreCheck implements HealthCheck {
    /** Less than the two seconds after which the executor gives a check up by default, and says nothing of the reason. */
    static final long PATIENCE_MILLIS = 1_500;

    /** Nobody: the top-level domain is reserved (RFC 2606). */
    private static final BareJid NOBODY = BareJid.parse("nobody@health-check.invalid");

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile @Nullable TrustStore store;

    @Override
    public Result execute() {
        TrustStore present = store;
        if (present == null) {
            return critical("There is no trust store. Is its bundle installed, started and configured?");
        }
        long asked = System.nanoTime();
        try {
            var unused = present.peer(NOBODY).toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            return new Result(
                    Result.Status.OK, "It answered after " + (System.nanoTime() - asked) / 1_000_000 + " ms.");
        } catch (TimeoutException e) {
            return critical("It has not answered within " + PATIENCE_MILLIS + " ms.");
        } catch (CancellationException e) {
            return critical("It has given the question up.");
        } catch (ExecutionException e) {
            return critical(
                    e.getCause() instanceof XtlsException failed
                            ? failed.failure().text()
                            : String.valueOf(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return critical("The check was interrupted.");
        }
    }

    private static Result critical(String message) {
        return new Result(Result.Status.CRITICAL, message);
    }
}
