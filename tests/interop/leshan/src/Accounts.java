import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.LwM2mObjectTree;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.response.ReadResponse;

/**
 * What the device holds after a bootstrap, as RESULT lines. A key appears as
 * its SHA-256, which tells two keys apart and is of no use to anyone else.
 */
final class Accounts {

    private static final String[] MODES = { "psk", "rpk", "certificate", "nosec", "est" };

    private Accounts() {
    }

    static void print(LwM2mObjectTree tree) {
        LwM2mObjectEnabler security = tree.getObjectEnabler(LwM2mId.SECURITY);
        for (int i : security.getAvailableInstanceIds())
            Trace.line("RESULT security/%d uri=%s mode=%s identity=%s key_sha256=%s ssid=%s bootstrap=%s", i,
                    text(security, i, LwM2mId.SEC_SERVER_URI), mode(value(security, i, LwM2mId.SEC_SECURITY_MODE)),
                    text(security, i, LwM2mId.SEC_PUBKEY_IDENTITY), digest(value(security, i, LwM2mId.SEC_SECRET_KEY)),
                    text(security, i, LwM2mId.SEC_SERVER_ID), text(security, i, LwM2mId.SEC_BOOTSTRAP));

        LwM2mObjectEnabler server = tree.getObjectEnabler(LwM2mId.SERVER);
        for (int i : server.getAvailableInstanceIds())
            Trace.line("RESULT server/%d ssid=%s lifetime=%s binding=%s", i, text(server, i, LwM2mId.SRV_SERVER_ID),
                    text(server, i, LwM2mId.SRV_LIFETIME), text(server, i, LwM2mId.SRV_BINDING));
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
