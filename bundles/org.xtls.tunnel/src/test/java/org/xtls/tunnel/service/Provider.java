package org.xtls.tunnel.service;

import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.osgi.service.component.ComponentServiceObjects;
import org.xtls.auth.AuthMethod;

/** A service that provides a method, as Declarative Services would hand it over; counts its instances. */
final class Provider {
    final AtomicInteger got = new AtomicInteger();
    final AtomicInteger givenBack = new AtomicInteger();
    volatile Runnable whenGivenBack = () -> {};
    final ServiceReference<AuthMethod> reference;
    final ComponentServiceObjects<AuthMethod> objects;

    Provider(long id, @Nullable String version, Map<String, ?> properties, Supplier<? extends AuthMethod> methods) {
        Bundle bundle = version == null
                ? null
                : proxy(Bundle.class, (name, args) -> switch (name) {
                    case "getVersion" -> Version.parseVersion(version);
                    case "getSymbolicName" -> "org.example." + id;
                    default -> throw new UnsupportedOperationException(name);
                });
        reference = proxy(ServiceReference.class, (name, args) -> switch (name) {
            case "getProperty" -> args[0].equals("service.id") ? (Long) id : properties.get(args[0]);
            case "getBundle" -> bundle;
            case "compareTo" -> Long.compare((Long) ((ServiceReference<?>) args[0]).getProperty("service.id"), id);
            default -> throw new UnsupportedOperationException(name);
        });
        objects = proxy(ComponentServiceObjects.class, (name, args) -> switch (name) {
            case "getService" -> {
                AuthMethod method = methods.get();
                got.incrementAndGet();
                yield method;
            }
            case "ungetService" -> {
                whenGivenBack.run();
                yield givenBack.incrementAndGet();
            }
            default -> throw new UnsupportedOperationException(name);
        });
    }

    Provider(long id, String method, int preference, AuthMethod instance) {
        this(id, null, Map.of(AuthMethod.METHOD, method, AuthMethod.PREFERENCE, preference), () -> instance);
    }

    Methods.Provider asProvider() {
        Methods methods = new Methods();
        methods.put(reference, objects);
        return methods.serving().get(0);
    }

    interface Call {
        @Nullable
        Object answer(String method, Object[] args) throws Throwable;
    }

    /** Something that a framework would provide; equality is identity. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <T> T proxy(Class<?> type, Call call) {
        return (T) Proxy.newProxyInstance(
                Provider.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, args) -> switch (method.getName()) {
                    case "equals" -> self == args[0];
                    case "hashCode" -> System.identityHashCode(self);
                    case "toString" -> type.getSimpleName();
                    default -> {
                        Object answer = call.answer(method.getName(), args == null ? new Object[0] : args);
                        yield method.getReturnType() == void.class ? null : answer;
                    }
                });
    }
}
