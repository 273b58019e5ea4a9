import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.HexFormat;

import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.LwM2mObjectTree;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.response.ReadResponse;

/**
 * What the device holds after a bootstrap, as RESULT lines. A key or certificate
 * appears as its SHA-256, which tells two apart and is of no use to anyone else.
 */
final class Accounts {

    private static final String[] MODES = { "psk", "rpk", "certificate", "nosec", "est" };

    private Accounts() {
    }

    static void print(LwM2mObjectTree tree) {
        LwM2mObjectEnabler security = tree.getObjectEnabler(LwM2mId.SECURITY);
        for (int i : security.getAvailableInstanceIds())
            Trace.line("RESULT security/%d uri=%s mode=%s %s key_sha256=%s ssid=%s%s bootstrap=%s", i,
                    text(security, i, LwM2mId.SEC_SERVER_URI), mode(value(security, i, LwM2mId.SEC_SECURITY_MODE)),
                    identity(security, i), digest(value(security, i, LwM2mId.SEC_SECRET_KEY)),
                    text(security, i, LwM2mId.SEC_SERVER_ID), pair(security, i),
                    text(security, i, LwM2mId.SEC_BOOTSTRAP));

        LwM2mObjectEnabler server = tree.getObjectEnabler(LwM2mId.SERVER);
        for (int i : server.getAvailableInstanceIds())
            Trace.line("RESULT server/%d ssid=%s lifetime=%s binding=%s", i, text(server, i, LwM2mId.SRV_SERVER_ID),
                    text(server, i, LwM2mId.SRV_LIFETIME), text(server, i, LwM2mId.SRV_BINDING));
    }

    /**
     * Write what the other side has to know of each account into a folder that is
     * its owner's alone: `identity-N.der`, its certificate or raw key, where it has
     * one; else `key-N.hex`, its pre-shared key.
     */
    static void save(LwM2mObjectTree tree, Path folder) throws IOException {
        LwM2mObjectEnabler security = tree.getObjectEnabler(LwM2mId.SECURITY);
        for (int i : security.getAvailableInstanceIds()) {
            if (isPair(security, i) && value(security, i, LwM2mId.SEC_PUBKEY_IDENTITY) instanceof byte[] der)
                Files.write(folder.resolve("identity-" + i + ".der"), der);
            else if (value(security, i, LwM2mId.SEC_SECRET_KEY) instanceof byte[] key && key.length > 0)
                Files.writeString(folder.resolve("key-" + i + ".hex"), HexFormat.of().formatHex(key));
        }
    }

    private static boolean isPair(LwM2mObjectEnabler security, int instance) {
        String mode = mode(value(security, instance, LwM2mId.SEC_SECURITY_MODE));
        return mode.equals("rpk") || mode.equals("certificate");
    }

    private static String identity(LwM2mObjectEnabler security, int i) {
        if (!isPair(security, i))
            return "identity=" + text(security, i, LwM2mId.SEC_PUBKEY_IDENTITY);
        return "identity_sha256=" + digest(value(security, i, LwM2mId.SEC_PUBKEY_IDENTITY));
    }

    /** What else there is to say of a certificate or raw key. */
    private static String pair(LwM2mObjectEnabler security, int i) {
        if (!isPair(security, i))
            return "";
        return String.format(" server_sha256=%s usage=%s sni=%s pair=%s",
                digest(value(security, i, LwM2mId.SEC_SERVER_PUBKEY)),
                text(security, i, LwM2mId.SEC_CERTIFICATE_USAGE), text(security, i, LwM2mId.SEC_SNI),
                agree(value(security, i, LwM2mId.SEC_PUBKEY_IDENTITY), value(security, i, LwM2mId.SEC_SECRET_KEY)));
    }

    /** Does what one half has signed hold with the other half? */
    private static String agree(Object identity, Object secret) {
        if (!(identity instanceof byte[] shown) || !(secret instanceof byte[] key))
            return "no";
        try {
            PublicKey half;
            try {
                half = Credentials.certificate(shown).getPublicKey();
            } catch (GeneralSecurityException e) {
                half = Credentials.publicKey(shown);
            }
            byte[] nonce = new byte[32];
            new SecureRandom().nextBytes(nonce);
            Signature signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(Credentials.privateKey(key));
            signer.update(nonce);
            byte[] signature = signer.sign();
            signer.initVerify(half);
            signer.update(nonce);
            return signer.verify(signature) ? "yes" : "no";
        } catch (GeneralSecurityException e) {
            return "no";
        }
    }

    /** A resource as Leshan holds it, or null where it was never written. */
    private static Object value(LwM2mObjectEnabler object, int instance, int resource) {
        ReadResponse response;
        try {
            response = object.read(LwM2mServer.SYSTEM, new ReadRequest(object.getId(), instance, resource));
        } catch (RuntimeException e) {
            return null; // Leshan's way of saying that an opaque is unset
        }
        return response.isSuccess() ? ((LwM2mResource) response.getContent()).getValue() : null;
    }

    private static String text(LwM2mObjectEnabler object, int instance, int resource) {
        Object v = value(object, instance, resource);
        if (v instanceof byte[] bytes)
            return bytes.length == 0 ? "-" : Trace.quote(bytes);
        return v == null ? "-" : Trace.quote(v.toString());
    }

    private static String mode(Object value) {
        if (value instanceof Long v && v >= 0 && v < MODES.length)
            return MODES[v.intValue()];
        return String.valueOf(value);
    }

    private static String digest(Object value) {
        if (!(value instanceof byte[] key) || key.length == 0)
            return "-";
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
