package org.xtls.auth;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.osgi.annotation.bundle.Attribute;
import org.osgi.annotation.bundle.Capability;

/**
 * Put on the class or package of an authentication method: its bundle announces the method with a capability in the
 * namespace {@code org.xtls.auth}, so that resolvers can find it.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.PACKAGE})
@Capability(namespace = "org.xtls.auth")
public @interface ProvideXtlsMethod {
    /**
     * The method's name.
     *
     * @return its name on the wire, such as {@code x509}
     */
    @Attribute("method")
    String value();
}
