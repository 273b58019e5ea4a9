import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.eclipse.leshan.client.californium.LeshanClient;
import org.eclipse.leshan.client.californium.LeshanClientBuilder;
import org.eclipse.leshan.client.engine.DefaultRegistrationEngineFactory;
import org.eclipse.leshan.client.object.Device;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.servers.ServerIdentity;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.core.response.ReadResponse;

/**
 * A device of LwM2M 1.0 that knows nothing but its Bootstrap-Server: it asks
 * once, prints what it was given, and then registers. Its lines are those of the
 * device of Leshan's second generation, as far as they go; see there. It does not
 * name a Content-Format, as devices of 1.0 do not, unless it is told to.
 *
 * Exit code: 0 bootstrapped and registered as often as asked, 1 refused or
 * failed, 2 no answer in time, 64 usage.
 */
public final class BootClient extends LwM2mClientObserverAdapter {

    private static final String USAGE = """
            usage: BootClient --uri URI --endpoint NAME [option ...]
              --uri URI       coap://HOST:PORT or coaps://HOST:PORT of the Bootstrap-Server
              --identity ID   PSK identity for coaps (default: the endpoint); its key in hex
                              in the variable LESHAN_PSK_HEX
              --pct N         name this Content-Format
              --register N    then register; end when it has done so N times (default 0)
              --hold          after a bootstrap wait for a line of input before that
              --save FOLDER   put there the pre-shared keys of its accounts
              --timeout S     give up after S seconds (default 60)
            """;

    private final Map<String, String> options = new HashMap<>();
    private final CompletableFuture<Integer> ending = new CompletableFuture<>();
    private LeshanClient client;
    private int registrations;

    private BootClient() {
    }

    public static void main(String[] args) throws InterruptedException {
        if (System.getProperty("org.slf4j.simpleLogger.defaultLogLevel") == null)
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
        BootClient device = new BootClient();
        try {
            device.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("BootClient: " + e.getMessage());
            System.err.print(USAGE);
            System.exit(64);
        }
        System.exit(device.run());
    }

    private void parse(String[] args) {
        for (int i = 0; i < args.length; i++)
            switch (args[i]) {
            case "--hold" -> options.put(args[i], "");
            case "--uri", "--endpoint", "--identity", "--pct", "--register", "--save", "--timeout" -> {
                if (i + 1 == args.length)
                    throw new IllegalArgumentException(args[i] + ": its value is missing");
                options.put(args[i], args[++i]);
            }
            default -> throw new IllegalArgumentException(args[i] + ": no such option");
            }
        if (!options.containsKey("--uri") || !options.containsKey("--endpoint"))
            throw new IllegalArgumentException("--uri and --endpoint are needed");
    }

    private int number(String name, int otherwise) {
        return Integer.parseInt(options.getOrDefault(name, String.valueOf(otherwise)));
    }

    private int run() throws InterruptedException {
        int timeout = number("--timeout", 60);
        DefaultRegistrationEngineFactory engine = new DefaultRegistrationEngineFactory();
        engine.setRequestTimeoutInMs(timeout * 1000L);
        engine.setBootstrapSessionTimeoutInSec(timeout);

        LeshanClientBuilder builder = new LeshanClientBuilder(options.get("--endpoint"));
        builder.setLocalAddress("127.0.0.1", 0);
        builder.setRegistrationEngineFactory(engine);
        if (options.containsKey("--pct"))
            builder.setBootstrapAdditionalAttributes(Map.of("pct", options.get("--pct")));
        ObjectsInitializer objects = new ObjectsInitializer();
        objects.setInstancesForObject(LwM2mId.SECURITY, account());
        objects.setClassForObject(LwM2mId.SERVER, Server.class);
        objects.setInstancesForObject(LwM2mId.DEVICE, new Device("interop", "boot-client", "1.0", "U"));
        builder.setObjects(objects.create(LwM2mId.SECURITY, LwM2mId.SERVER, LwM2mId.DEVICE));
        client = builder.build();
        client.addObserver(this);
        client.start();

        int exit = 2;
        try {
            exit = ending.get(timeout, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            line("BOOTSTRAP timeout");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        Thread closer = new Thread(() -> client.destroy(false), "closer");
        closer.setDaemon(true);
        closer.start();
        closer.join(2000);
        return exit;
    }

    private Security account() {
        String uri = options.get("--uri");
        if (uri.startsWith("coap://"))
            return Security.noSecBootstap(uri);
        String identity = options.getOrDefault("--identity", options.get("--endpoint"));
        return Security.pskBootstrap(uri, identity.getBytes(StandardCharsets.UTF_8),
                HexFormat.of().parseHex(System.getenv("LESHAN_PSK_HEX")));
    }

    /** Leshan registers when this returns, and not before. */
    @Override
    public void onBootstrapSuccess(ServerIdentity server, BootstrapRequest request) {
        try {
            print();
            line("BOOTSTRAP success");
            if (number("--register", 0) == 0)
                ending.complete(0);
            int c = options.containsKey("--hold") ? System.in.read() : -1;
            while (c >= 0 && c != '\n')
                c = System.in.read();
        } catch (IOException e) {
            onUnexpectedError(e);
        }
    }

    @Override
    public void onBootstrapFailure(ServerIdentity server, BootstrapRequest request, ResponseCode code, String message,
            Exception cause) {
        line("BOOTSTRAP failure code=%s", code == null ? "-"
                : String.format("%d.%02d", code.getCode() / 100, code.getCode() % 100));
        ending.complete(1);
    }

    @Override
    public void onRegistrationSuccess(ServerIdentity server, RegisterRequest request, String id) {
        line("REGISTRATION success server=%s", server.getUri());
        if (++registrations == number("--register", 0))
            ending.complete(0);
    }

    @Override
    public void onRegistrationFailure(ServerIdentity server, RegisterRequest request, ResponseCode code,
            String message, Exception cause) {
        line("REGISTRATION failure server=%s", server.getUri());
    }

    @Override
    public void onUnexpectedError(Throwable error) {
        line("BOOTSTRAP failure code=- reason=%s", error.getClass().getSimpleName());
        ending.complete(1);
    }

    private void print() throws IOException {
        LwM2mObjectEnabler security = client.getObjectTree().getObjectEnabler(LwM2mId.SECURITY);
        for (int i : security.getAvailableInstanceIds()) {
            byte[] key = value(security, i, LwM2mId.SEC_SECRET_KEY) instanceof byte[] k ? k : new byte[0];
            line("RESULT security/%d uri=%s mode=%s identity=%s key_sha256=%s ssid=%s bootstrap=%s", i,
                    text(security, i, LwM2mId.SEC_SERVER_URI),
                    Long.valueOf(0).equals(value(security, i, LwM2mId.SEC_SECURITY_MODE)) ? "psk" : "-",
                    text(security, i, LwM2mId.SEC_PUBKEY_IDENTITY), digest(key),
                    text(security, i, LwM2mId.SEC_SERVER_ID), text(security, i, LwM2mId.SEC_BOOTSTRAP));
            if (options.containsKey("--save") && key.length > 0)
                Files.writeString(Path.of(options.get("--save"), "key-" + i + ".hex"), HexFormat.of().formatHex(key));
        }
        LwM2mObjectEnabler server = client.getObjectTree().getObjectEnabler(LwM2mId.SERVER);
        for (int i : server.getAvailableInstanceIds())
            line("RESULT server/%d ssid=%s lifetime=%s binding=%s", i, text(server, i, LwM2mId.SRV_SERVER_ID),
                    text(server, i, LwM2mId.SRV_LIFETIME), text(server, i, LwM2mId.SRV_BINDING));
    }

    private static Object value(LwM2mObjectEnabler object, int instance, int resource) {
        ReadResponse response = object.read(ServerIdentity.SYSTEM, new ReadRequest(object.getId(), instance, resource));
        return response.isSuccess() ? ((LwM2mResource) response.getContent()).getValue() : null;
    }

    private static String text(LwM2mObjectEnabler object, int instance, int resource) {
        Object v = value(object, instance, resource);
        String s = v instanceof byte[] bytes ? new String(bytes, StandardCharsets.ISO_8859_1) : String.valueOf(v);
        return v == null || s.isEmpty() ? "-" : s.replaceAll("[^!-~]", "?");
    }

    private static String digest(byte[] key) {
        try {
            return key.length == 0 ? "-"
                    : HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static synchronized void line(String format, Object... values) {
        System.out.println(String.format(format, values));
        System.out.flush();
    }
}
