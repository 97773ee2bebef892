package org.xtls.tls.bc;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Hashtable;
import java.util.Map;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CertificateStatusRequest;
import org.bouncycastle.tls.CertificateStatusType;
import org.bouncycastle.tls.CertificateType;
import org.bouncycastle.tls.ExtensionType;
import org.bouncycastle.tls.OCSPStatusRequest;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsUtils;
import org.jspecify.annotations.Nullable;
import org.xtls.tls.OcspResponse;

/** OCSP stapling: the extension status_request in each place where TLS 1.3 has it (RFC 8446 §4.4.2.1). */
@SuppressWarnings({"rawtypes", "JdkObsolete"}) // Bouncy Castle's TLS API speaks raw Vector and Hashtable
final class Stapling {
    private static final Integer STATUS_REQUEST = TlsExtensionsUtils.EXT_status_request;

    private Stapling() {}

    /** A client asks: any responder, without extensions. */
    static CertificateStatusRequest inClientHello() {
        return new CertificateStatusRequest(CertificateStatusType.ocsp, new OCSPStatusRequest(null, null));
    }

    /** A server asks, which Bouncy Castle's own message cannot. */
    static CertificateRequest inCertificateRequest(Vector forHandshakes, Vector forCertificates) throws IOException {
        return new CertificateRequest(new byte[0], forHandshakes, forCertificates, null) {
            @Override
            public void encode(TlsContext context, OutputStream output) throws IOException {
                ByteArrayOutputStream silent = new ByteArrayOutputStream();
                super.encode(context, silent);
                ByteArrayInputStream message = new ByteArrayInputStream(silent.toByteArray());
                TlsUtils.writeOpaque8(TlsUtils.readOpaque8(message), output);
                ByteArrayOutputStream extensions = new ByteArrayOutputStream();
                extensions.writeBytes(TlsUtils.readOpaque16(message));
                TlsUtils.writeUint16(ExtensionType.status_request, extensions);
                TlsUtils.writeOpaque16(new byte[0], extensions);
                TlsUtils.writeOpaque16(extensions.toByteArray(), output);
            }
        };
    }

    /** Whether a server asks. */
    static boolean isAskedInCertificateRequest(Hashtable extensions) throws IOException {
        return TlsUtils.hasExpectedEmptyExtensionData(extensions, STATUS_REQUEST, AlertDescription.decode_error);
    }

    /** The extensions of a certificate that has a response. */
    static Hashtable inCertificate(OcspResponse response) throws IOException {
        ByteArrayOutputStream status = new ByteArrayOutputStream();
        TlsUtils.writeUint8(CertificateStatusType.ocsp, status);
        TlsUtils.writeOpaque24(response.der(), status);
        return new Hashtable<>(Map.of(STATUS_REQUEST, status.toByteArray()));
    }

    /**
     * The response that came with a certificate. It is always asked for; anything else never is, and with a raw public
     * key nothing is.
     */
    static @Nullable OcspResponse of(CertificateEntry entry, short certificateType) throws IOException {
        Hashtable extensions = entry.getExtensions();
        for (Object type : extensions.keySet()) {
            if (certificateType != CertificateType.X509 || !STATUS_REQUEST.equals(type)) {
                throw new Refusal(
                        AlertDescription.unsupported_extension,
                        "the peer's certificate came with an extension that was not asked for");
            }
        }
        byte[] status = TlsUtils.getExtensionData(extensions, STATUS_REQUEST);
        return status == null ? null : parse(status);
    }

    private static OcspResponse parse(byte[] status) throws IOException {
        ByteArrayInputStream input = new ByteArrayInputStream(status);
        if (TlsUtils.readUint8(input) != CertificateStatusType.ocsp) {
            throw new Refusal(
                    AlertDescription.illegal_parameter, "the peer's certificate came with a status that is not OCSP's");
        }
        int length = TlsUtils.readUint24(input);
        if (length == 0 || length != input.available()) {
            throw new TlsFatalAlert(AlertDescription.decode_error);
        }
        if (length > OcspResponse.MAX_BYTES) {
            throw new Refusal(
                    AlertDescription.illegal_parameter,
                    "the peer's OCSP response has more than " + OcspResponse.MAX_BYTES + " bytes");
        }
        return new OcspResponse(input.readAllBytes());
    }
}
