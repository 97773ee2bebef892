package org.xtls.auth.x509;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.OtherName;
import org.xtls.BareJid;

/** The XMPP addresses in a certificate: {@code id-on-xmppAddr} among the subject's alternative names (RFC 6120 §13.7.1.4). */
final class XmppNames {
    static final ASN1ObjectIdentifier ID_ON_XMPP_ADDR = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.8.5");

    /** Against a certificate stuffed with names that are dear to normalise. */
    private static final int MOST = 100;

    private XmppNames() {}

    static List<BareJid> of(X509Certificate certificate) throws CertificateException {
        byte[] extension = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
        if (extension == null) {
            return List.of();
        }
        List<BareJid> names = new ArrayList<>();
        try {
            GeneralNames alternatives = GeneralNames.getInstance(
                    ASN1OctetString.getInstance(extension).getOctets());
            for (GeneralName alternative : alternatives.getNames()) {
                if (alternative.getTagNo() != GeneralName.otherName) {
                    continue;
                }
                OtherName other = OtherName.getInstance(alternative.getName());
                if (!other.getTypeID().equals(ID_ON_XMPP_ADDR)) {
                    continue;
                }
                if (names.size() == MOST) {
                    throw new CertificateException("it has more than " + MOST + " XMPP addresses");
                }
                names.add(BareJid.parse(
                        ASN1UTF8String.getInstance(other.getValue()).getString()));
            }
        } catch (RuntimeException e) {
            throw new CertificateException("its alternative names hold what is no XMPP address", e);
        }
        return names;
    }

    static GeneralName name(BareJid account) {
        return new GeneralName(
                GeneralName.otherName, new OtherName(ID_ON_XMPP_ADDR, new DERUTF8String(account.toString())));
    }
}
