import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HexFormat;

import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.core.request.ContentFormat;

/** What the command line says. */
final class Options {

    static final String USAGE = """
            usage: BootClient --uri URI --endpoint NAME [option ...]
              --uri URI         coap://HOST:PORT or coaps://HOST:PORT of the Bootstrap-Server
              --endpoint NAME   Endpoint Client Name
              --identity ID     PSK identity for coaps (default: the endpoint)
              --key-file FILE   its key in hex; without it the variable LESHAN_PSK_HEX
              --certificate FILE, --public-key FILE
                                in place of a PSK: a certificate, or a raw public key
              --private-key FILE  the other half (PKCS #8)
              --server FILE     what the server must show: its certificate or CA, or its raw key
              --usage N         what --server is to a certificate: Certificate Usage, default 3
              --sni NAME        the server's name
              --save FOLDER     put there the certificates, raw and pre-shared keys of its accounts
              --pct N|off       preferred Content-Format (default 112), whether Leshan has it or not
              --omit-ep         leave `ep` out of the request
              --cipher NAME     offer this cipher suite alone
              --cid BYTES       the length of its own DTLS Connection ID, 0 to 10
              --timeout S       give up after S seconds (default 60)
              --register N      then register; end when it has done so N times
              --hold            after a bootstrap wait for a line of input before that
              --factory URI     begin with the account of an LwM2M server, coap://HOST:PORT
              --patience MS     how long a request may take (default: as long as all)
            """;

    String uri;
    String endpoint;
    ContentFormat format = ContentFormat.SENML_CBOR;
    boolean omitEndpoint;
    String cipher;
    Integer cidLength;
    int timeoutSeconds = 60;
    int registrations;
    boolean hold;
    String factory;
    long patienceMs;
    Path save;
    /** What it knows of its Bootstrap-Server. */
    Security account;

    private String identity;
    private Path keyFile;
    private Path certificate;
    private Path publicKey;
    private Path privateKey;
    private Path server;
    private int usage = 3;
    private String sni;

    static final class UsageException extends Exception {
        private static final long serialVersionUID = 1L;

        UsageException(String reason) {
            super(reason);
        }
    }

    private Options() {
    }

    static Options parse(String[] args) throws UsageException, IOException, GeneralSecurityException {
        Options o = new Options();
        for (int i = 0; i < args.length; i++) {
            String name = args[i];
            if (name.equals("--omit-ep") || name.equals("--hold")) {
                o.omitEndpoint |= name.equals("--omit-ep");
                o.hold |= name.equals("--hold");
                continue;
            }
            if (i + 1 == args.length)
                throw new UsageException(name + ": no such option, or its value is missing");
            String value = args[++i];
            switch (name) {
            case "--uri" -> o.uri = value;
            case "--endpoint" -> o.endpoint = value;
            case "--identity" -> o.identity = value;
            case "--key-file" -> o.keyFile = Path.of(value);
            case "--pct" -> o.format = format(value);
            case "--cipher" -> o.cipher = cipher(value);
            case "--cid" -> o.cidLength = number(name, value, 0, 10);
            case "--certificate" -> o.certificate = Path.of(value);
            case "--public-key" -> o.publicKey = Path.of(value);
            case "--private-key" -> o.privateKey = Path.of(value);
            case "--server" -> o.server = Path.of(value);
            case "--usage" -> o.usage = usage(value);
            case "--sni" -> o.sni = value;
            case "--save" -> o.save = Path.of(value);
            case "--timeout" -> o.timeoutSeconds = number(name, value, 3600);
            case "--register" -> o.registrations = number(name, value, 100);
            case "--patience" -> o.patienceMs = number(name, value, 3_600_000);
            case "--factory" -> o.factory = value;
            default -> throw new UsageException(name + ": no such option");
            }
        }
        if (o.uri == null || o.endpoint == null)
            throw new UsageException("--uri and --endpoint are needed");
        if (o.patienceMs == 0)
            o.patienceMs = o.timeoutSeconds * 1000L;
        o.account = o.account();
        return o;
    }

    private Security account() throws UsageException, IOException, GeneralSecurityException {
        if (uri.startsWith("coap://"))
            return Security.noSecBootstrap(uri);
        if (!uri.startsWith("coaps://"))
            throw new UsageException("--uri: neither coap:// nor coaps://");
        if (certificate != null && publicKey != null)
            throw new UsageException("--certificate or --public-key, not both");
        if ((certificate != null || publicKey != null) && (privateKey == null || server == null))
            throw new UsageException("--private-key and --server are needed beside it");
        if (certificate != null)
            return Credentials.certificate(uri, certificate, privateKey, server, usage, sni);
        if (publicKey != null)
            return Credentials.rawKey(uri, publicKey, privateKey, server, sni);
        String name = identity == null ? endpoint : identity;
        return Security.pskBootstrap(uri, name.getBytes(StandardCharsets.UTF_8), key(keyFile));
    }

    private static int usage(String value) throws UsageException {
        if (!value.matches("[0-3]"))
            throw new UsageException("--usage: 0 to 3");
        return Integer.parseInt(value);
    }

    private static ContentFormat format(String value) throws UsageException {
        return value.equals("off") ? null : ContentFormat.fromCode(number("--pct", value, 65535));
    }

    private static String cipher(String value) throws UsageException {
        if (CipherSuite.getTypeByName(value) == null)
            throw new UsageException("--cipher: no such suite");
        return value;
    }

    private static int number(String name, String value, int most) throws UsageException {
        return number(name, value, 1, most);
    }

    private static int number(String name, String value, int least, int most) throws UsageException {
        try {
            int n = Integer.parseInt(value);
            if (n >= least && n <= most)
                return n;
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException(name + ": " + least + " to " + most);
    }

    /** The key never stands in the arguments, which every user can list. */
    private static byte[] key(Path file) throws UsageException, IOException {
        String hex = file == null ? System.getenv("LESHAN_PSK_HEX") : Files.readString(file);
        if (hex == null || hex.isBlank())
            throw new UsageException("coaps needs --key-file or LESHAN_PSK_HEX");
        try {
            return HexFormat.of().parseHex(hex.strip());
        } catch (IllegalArgumentException e) {
            throw new UsageException("the key is not hex");
        }
    }
}
