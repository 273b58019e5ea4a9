import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.core.util.datatype.ULong;

/**
 * What a device shows to its Bootstrap-Server, as the Security object takes it,
 * and an LwM2M server to its devices: DER, out of files in PEM or DER.
 */
final class Credentials {

    private Credentials() {
    }

    /** A Bootstrap-Server Account in mode certificate. */
    static Security certificate(String uri, Path certificate, Path key, Path server, int usage, String sni)
            throws IOException, GeneralSecurityException {
        byte[] own = certificate(read(certificate)).getEncoded();
        byte[] secret = privateKey(read(key)).getEncoded();
        byte[] expected = certificate(read(server)).getEncoded();
        if (sni == null)
            return Security.x509Bootstrap(uri, own, secret, expected, ULong.valueOf(usage));
        return Security.x509Bootstrap(uri, own, secret, expected, ULong.valueOf(usage), sni);
    }

    /** Likewise in mode rpk; the server's key may stand in a certificate. */
    static Security rawKey(String uri, Path publicKey, Path key, Path server, String sni)
            throws IOException, GeneralSecurityException {
        byte[] expected = read(server);
        try {
            expected = certificate(expected).getPublicKey().getEncoded();
        } catch (GeneralSecurityException e) {
            expected = publicKey(expected).getEncoded();
        }
        byte[] own = publicKey(read(publicKey)).getEncoded();
        byte[] secret = privateKey(read(key)).getEncoded();
        if (sni == null)
            return Security.rpkBootstrap(uri, own, secret, expected);
        return Security.rpkBootstrap(uri, own, secret, expected, sni);
    }

    static Certificate certificate(byte[] der) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    }

    /** PKCS #8 alone, which is all that Java reads. */
    static PrivateKey privateKey(byte[] der) throws GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    /** The first object of a file, in DER. */
    static byte[] read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int begin = text.indexOf("-----BEGIN ");
        if (begin < 0)
            return bytes;
        int from = text.indexOf('\n', begin);
        int to = text.indexOf("-----END ", begin);
        if (from < 0 || to < from)
            throw new IOException(file + ": no PEM");
        return Base64.getMimeDecoder().decode(text.substring(from, to));
    }
}
