package org.xtls.tests.container;

import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.TestAddress;
import org.ops4j.pax.exam.TestContainerException;
import org.ops4j.pax.exam.TestProbeBuilder;

/**
 * The JUnit 5 driver that Pax Exam lacks: runs the test methods of a class inside a framework.
 *
 * <p>The class is public, has a public static method with {@link Configuration} that returns what goes into the
 * framework, fields with {@code @Inject} that hold services, and public test methods without parameters. The framework
 * is started once for the class. Each method runs on a fresh instance inside the framework, never outside; lifecycle
 * methods could only run outside, on the wrong classes, and are refused.
 */
public final class PaxExam implements BeforeAllCallback, AfterAllCallback, InvocationInterceptor {
    private final Map<Method, TestAddress> addresses = new HashMap<>();
    private Container container;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        Class<?> tests = context.getRequiredTestClass();
        refuseLifecycleMethods(tests);
        container =
                Container.startForProbes(Contents.all(Contents.groundFloor(), Contents.junit(), configuration(tests)));
        TestProbeBuilder probe = container.probe();
        for (Method test : annotated(tests, Test.class)) {
            addresses.put(test, probe.addTest(tests, test.getName()));
        }
        try (InputStream jar = probe.build().getStream()) {
            container.install("probe", jar);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (container != null) {
            container.close();
        }
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> test, ExtensionContext context)
            throws Throwable {
        invocation.skip();
        try {
            container.call(addresses.get(test.getExecutable()));
        } catch (TestContainerException e) {
            throw thrownInside(e);
        }
    }

    /** What the test method threw; an assertion's error is then reported as a failure, not as an error. */
    private static Throwable thrownInside(TestContainerException e) {
        Throwable cause = e;
        while (cause.getCause() != null
                && (cause instanceof TestContainerException || cause instanceof InvocationTargetException)) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static Option[] configuration(Class<?> tests) throws ReflectiveOperationException, IOException {
        List<Method> methods = annotated(tests, Configuration.class);
        if (methods.size() != 1) {
            throw new IllegalStateException(tests.getName() + " needs one static method with @Configuration");
        }
        return (Option[]) methods.get(0).invoke(null);
    }

    private static void refuseLifecycleMethods(Class<?> tests) {
        for (Class<? extends Annotation> lifecycle :
                List.of(BeforeAll.class, BeforeEach.class, AfterEach.class, AfterAll.class)) {
            if (!annotated(tests, lifecycle).isEmpty()) {
                throw new IllegalStateException(tests.getName() + ": @" + lifecycle.getSimpleName()
                        + " would run outside the framework; do it in the test method");
            }
        }
    }

    private static List<Method> annotated(Class<?> tests, Class<? extends Annotation> annotation) {
        return AnnotationSupport.findAnnotatedMethods(tests, annotation, HierarchyTraversalMode.TOP_DOWN);
    }
}
