package org.xtls.auth.x509;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.OtherName;
import org.xtls.BareJid;

/**
 * The names in a certificate that an XMPP address can be found by (RFC 6120 §13.7.1.2, §13.7.1.4), and those that people
 * take for one. Only the first three say whose it is.
 *
 * @param addresses {@code id-on-xmppAddr}
 * @param services domains of {@code id-on-dnsSRV} (RFC 4985) with the service {@code _xmpp-server}
 * @param hosts {@code dNSName}, in lower case
 * @param mails {@code rfc822Name}
 * @param uris {@code uniformResourceIdentifier}
 * @param common the subject's common names
 */
record XmppNames(
        List<BareJid> addresses,
        List<String> services,
        List<String> hosts,
        List<String> mails,
        List<String> uris,
        List<String> common) {
    static final ASN1ObjectIdentifier ID_ON_XMPP_ADDR = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.8.5");
    static final ASN1ObjectIdentifier ID_ON_DNS_SRV = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.8.7");

    private static final String SERVICE = "_xmpp-server.";
    private static final String WILDCARD = "*.";

    /** Against a certificate stuffed with names that are dear to normalise. */
    private static final int MOST = 100;

    /** The XMPP addresses in a certificate. */
    static List<BareJid> of(X509Certificate certificate) throws CertificateException {
        return in(certificate).addresses;
    }

    static XmppNames in(X509Certificate certificate) throws CertificateException {
        XmppNames names = new XmppNames(
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>());
        names.readSubject(certificate);
        byte[] extension = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
        if (extension != null) {
            names.readAlternatives(extension);
        }
        return names;
    }

    static GeneralName name(BareJid account) {
        return new GeneralName(
                GeneralName.otherName, new OtherName(ID_ON_XMPP_ADDR, new DERUTF8String(account.toString())));
    }

    /**
     * Whether these are a peer's: an account is named by its address and nothing else; a service
     * by its address, its SRV name or its host name (RFC 9525 §6; wildcards stand for one whole label).
     */
    boolean areOf(BareJid peer) {
        if (addresses.contains(peer)) {
            return true;
        }
        if (!peer.local().isEmpty() || isAddressLiteral(peer.domain())) {
            return false;
        }
        return services.stream().anyMatch(name -> same(name, peer.domain()))
                || hosts.stream().anyMatch(name -> covers(name, peer.domain()));
    }

    private void readSubject(X509Certificate certificate) throws CertificateException {
        try {
            X500Name subject =
                    X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
            for (RDN rdn : subject.getRDNs()) {
                for (AttributeTypeAndValue part : rdn.getTypesAndValues()) {
                    if (part.getValue() instanceof ASN1String text) {
                        String value = printable(text.getString(), "subject");
                        if (part.getType().equals(BCStyle.CN)) {
                            common.add(value);
                        }
                    }
                }
            }
        } catch (RuntimeException e) {
            throw new CertificateException("its subject is no name", e);
        }
    }

    private void readAlternatives(byte[] extension) throws CertificateException {
        try {
            GeneralName[] alternatives = GeneralNames.getInstance(
                            ASN1OctetString.getInstance(extension).getOctets())
                    .getNames();
            if (alternatives.length > MOST) {
                throw new CertificateException("it has more than " + MOST + " alternative names");
            }
            for (GeneralName alternative : alternatives) {
                switch (alternative.getTagNo()) {
                    case GeneralName.otherName -> readOther(OtherName.getInstance(alternative.getName()));
                    case GeneralName.dNSName ->
                        hosts.add(ia5(alternative.getName(), "host name").toLowerCase(Locale.ROOT));
                    case GeneralName.rfc822Name -> mails.add(ia5(alternative.getName(), "mail address"));
                    case GeneralName.uniformResourceIdentifier -> uris.add(ia5(alternative.getName(), "URI"));
                    default -> {}
                }
            }
        } catch (RuntimeException e) {
            throw new CertificateException("its alternative names cannot be read", e);
        }
    }

    private void readOther(OtherName other) throws CertificateException {
        if (other.getTypeID().equals(ID_ON_XMPP_ADDR)) {
            String text = printable(xmppAddress(other.getValue()), "XMPP address");
            try {
                addresses.add(BareJid.parse(text));
            } catch (IllegalArgumentException e) {
                throw new CertificateException("its alternative names hold what is no XMPP address", e);
            }
        }
        if (other.getTypeID().equals(ID_ON_DNS_SRV)) {
            String text = ia5(other.getValue(), "SRV name").toLowerCase(Locale.ROOT);
            if (text.startsWith(SERVICE)) {
                services.add(text.substring(SERVICE.length()));
            }
        }
    }

    /** A UTF8String by RFC 6120; an IA5String is what some CAs write, and can be read in one way only. */
    private static String xmppAddress(ASN1Encodable value) throws CertificateException {
        if (value instanceof ASN1UTF8String text) {
            return text.getString();
        }
        if (value instanceof ASN1IA5String text) {
            return ascii(text.getString(), "XMPP address");
        }
        throw new CertificateException("its alternative names hold what is no XMPP address");
    }

    private static String ia5(ASN1Encodable value, String kind) throws CertificateException {
        return printable(ascii(ASN1IA5String.getInstance(value).getString(), kind), kind);
    }

    /** Against octets that one reader takes for Latin-1 and another for UTF-8, so that constraints miss the name. */
    private static String ascii(String text, String kind) throws CertificateException {
        if (text.chars().anyMatch(c -> c >= 0x80)) {
            throw new CertificateException("its " + kind + " is an IA5String with more than ASCII in it");
        }
        return text;
    }

    /** Against names that one reader ends at a NUL and another does not. */
    private static String printable(String text, String kind) throws CertificateException {
        if (text.codePoints().anyMatch(Character::isISOControl)) {
            throw new CertificateException("its " + kind + " has a control character");
        }
        return text;
    }

    private static boolean covers(String host, String domain) {
        if (!host.startsWith(WILDCARD)) {
            return same(host, domain);
        }
        int dot = domain.indexOf('.');
        String parent = domain.substring(dot + 1);
        // A label that would be all of the domain, or leave a top-level domain for everybody in it.
        return dot > 0 && parent.indexOf('.') > 0 && same(host.substring(WILDCARD.length()), parent);
    }

    /** By IDNA2008, so that an A-label is the U-label that it stands for. */
    private static boolean same(String name, String domain) {
        try {
            return new BareJid("", name).domain().equals(domain);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isAddressLiteral(String domain) {
        return domain.startsWith("[") || domain.matches("[0-9.]+");
    }
}
