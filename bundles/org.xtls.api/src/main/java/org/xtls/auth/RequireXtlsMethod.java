package org.xtls.auth;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.osgi.annotation.bundle.Requirement;

/**
 * Put on a class or package of a bundle that is of no use without an authentication method: resolvers bring a bundle
 * that {@linkplain ProvideXtlsMethod announces} it. The requirement is effective when resolving an application, not in
 * the framework, so that the method can come and go while the bundle stays.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.PACKAGE})
@Requirement(namespace = "org.xtls.auth", filter = "(method=${#value})", effective = "active")
public @interface RequireXtlsMethod {
    /**
     * The method's name.
     *
     * @return its name on the wire, such as {@code x509}
     */
    String value();
}
