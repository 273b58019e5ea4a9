import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.bootstrap.DefaultBootstrapConsistencyChecker;
import org.eclipse.leshan.client.engine.DefaultClientEndpointNameProvider;
import org.eclipse.leshan.client.engine.DefaultRegistrationEngineFactory;
import org.eclipse.leshan.client.object.Device;
import org.eclipse.leshan.client.object.Oscore;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.servers.DefaultServersInfoExtractor;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.client.servers.ServersInfo;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpointsProvider;

/**
 * An LwM2M device on Leshan's client library that knows nothing but its
 * Bootstrap-Server: it asks once, prints each command as it answers it, and
 * what it holds in the end.
 *
 * <pre>
 * BOOTSTRAP started uri=coaps://127.0.0.1:5684 endpoint=dev-1 pct=112
 * BOOTSTRAP accepted code=2.04 cipher=TLS_PSK_WITH_AES_128_CCM_8
 * REQUEST DISCOVER / format=40 -> 2.05 bytes=70
 * REQUEST WRITE /0/1 format=112 bytes=104 -> 2.04
 * REQUEST FINISH /bs -> 2.04
 * BOOTSTRAP success ms=412
 * RESULT security/1 uri=coaps://... mode=psk identity=dev-1 key_sha256=... ssid=101 bootstrap=false
 * RESULT server/0 ssid=101 lifetime=86400 binding=U
 * </pre>
 *
 * Of a certificate or raw key: identity_sha256 in place of identity, and behind
 * ssid server_sha256, usage, sni, and pair=yes where its halves belong together.
 *
 * With --register it goes on as devices do; RESULT lines come before each
 * success of a bootstrap:
 *
 * <pre>
 * BOOTSTRAP success ms=412
 * REGISTRATION success server=coaps://... id=QPBklxwXkJ ms=498
 * REQUEST POST /1/0/9 -> 2.04
 * BOOTSTRAP success ms=1730
 * </pre>
 *
 * Exit code: 0 bootstrapped (and registered), 1 refused or failed, 2 no answer
 * in time, 64 usage.
 */
public final class BootClient {

    /** How a bootstrap ended. */
    record Ending(int exit, String line) {
    }

    private static final int FACTORY_SSID = 999;

    /** What Leshan lets a device prefer; all else it is told to send on. */
    private static final List<ContentFormat> LESHANS_OWN = List.of(ContentFormat.TLV, ContentFormat.SENML_JSON,
            ContentFormat.SENML_CBOR);

    private BootClient() {
    }

    public static void main(String[] args) throws InterruptedException, IOException {
        // Expected failures are events here, not warnings of the library.
        if (System.getProperty("org.slf4j.simpleLogger.defaultLogLevel") == null)
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");

        Options o;
        try {
            o = Options.parse(args);
        } catch (Options.UsageException | IOException | GeneralSecurityException e) {
            System.err.println("BootClient: " + e.getMessage());
            System.err.print(Options.USAGE);
            System.exit(64);
            return;
        }
        System.exit(bootstrap(o));
    }

    private static int bootstrap(Options o) throws InterruptedException, IOException {
        CompletableFuture<Ending> ending = new CompletableFuture<>();
        LeshanClient client = build(o);
        client.addObserver(o.registrations > 0 ? new Registering(ending, o, client) : new Observer(ending));

        Trace.line("BOOTSTRAP started uri=%s endpoint=%s pct=%s", Trace.quote(o.uri),
                o.omitEndpoint ? "-" : Trace.quote(o.endpoint), o.format == null ? "-" : o.format.getCode());
        long start = System.nanoTime();
        client.start();
        Ending end;
        try {
            end = ending.get(o.timeoutSeconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            end = new Ending(2, "BOOTSTRAP timeout");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        Trace.line("%s ms=%d", end.line(), (System.nanoTime() - start) / 1_000_000);
        if (end.exit() == 0 && o.registrations == 0)
            Accounts.print(client.getObjectTree());
        if (end.exit() == 0 && o.registrations == 0 && o.save != null)
            Accounts.save(client.getObjectTree(), o.save);
        close(client);
        return end.exit();
    }

    /** Closes the DTLS session properly, but never waits long for it. */
    private static void close(LeshanClient client) throws InterruptedException {
        Thread closer = new Thread(() -> client.destroy(false), "closer");
        closer.setDaemon(true);
        closer.start();
        closer.join(2000);
    }

    /** Turns the first end of a bootstrap that Leshan reports into ours. */
    private static class Observer extends LwM2mClientObserverAdapter {
        final CompletableFuture<Ending> ending;

        Observer(CompletableFuture<Ending> ending) {
            this.ending = ending;
        }

        @Override
        public void onBootstrapSuccess(LwM2mServer server, BootstrapRequest request) {
            ending.complete(new Ending(0, "BOOTSTRAP success"));
        }

        @Override
        public void onBootstrapFailure(LwM2mServer server, BootstrapRequest request, ResponseCode code, String message,
                Exception cause) {
            String reason = message;
            for (Throwable t = cause; t != null; t = t.getCause())
                reason = t.getClass().getSimpleName() + ": " + t.getMessage();
            ending.complete(new Ending(1, String.format("BOOTSTRAP failure code=%s reason=%s",
                    code == null ? "-" : Trace.code(code.getCode()), Trace.sentence(reason))));
        }

        @Override
        public void onBootstrapTimeout(LwM2mServer server, BootstrapRequest request) {
            ending.complete(new Ending(2, "BOOTSTRAP timeout"));
        }

        @Override
        public void onUnexpectedError(Throwable error) {
            ending.complete(new Ending(1, "BOOTSTRAP failure code=- reason=" + Trace.sentence(error.toString())));
        }
    }

    /**
     * The same of a device that goes on to register: a bootstrap is no end, and a
     * registration that fails is none either, as Leshan then does what the standard
     * wants of it.
     */
    private static final class Registering extends Observer {
        private final Options options;
        private final LeshanClient client;
        private final long start = System.nanoTime();
        private int registrations;

        Registering(CompletableFuture<Ending> ending, Options options, LeshanClient client) {
            super(ending);
            this.options = options;
            this.client = client;
        }

        private long elapsedMs() {
            return (System.nanoTime() - start) / 1_000_000;
        }

        /** Leshan registers when this returns, and not before. */
        @Override
        public void onBootstrapSuccess(LwM2mServer server, BootstrapRequest request) {
            try {
                if (options.save != null)
                    Accounts.save(client.getObjectTree(), options.save);
                Accounts.print(client.getObjectTree());
                Trace.line("BOOTSTRAP success ms=%d", elapsedMs());
                int c = options.hold ? System.in.read() : -1;
                while (c >= 0 && c != '\n')
                    c = System.in.read();
            } catch (IOException e) {
                onUnexpectedError(e);
            }
        }

        @Override
        public void onRegistrationSuccess(LwM2mServer server, RegisterRequest request, String id) {
            Trace.line("REGISTRATION success server=%s id=%s ms=%d", Trace.quote(server.getUri().toString()),
                    Trace.quote(id), elapsedMs());
            if (++registrations == options.registrations)
                ending.complete(new Ending(0, "REGISTRATION done"));
        }

        @Override
        public void onRegistrationFailure(LwM2mServer server, RegisterRequest request, ResponseCode code,
                String message, Exception cause) {
            Trace.line("REGISTRATION failure server=%s code=%s", Trace.quote(server.getUri().toString()),
                    code == null ? "-" : Trace.code(code.getCode()));
        }

        @Override
        public void onRegistrationTimeout(LwM2mServer server, RegisterRequest request) {
            Trace.line("REGISTRATION timeout server=%s", Trace.quote(server.getUri().toString()));
        }
    }

    /**
     * Hides the LwM2M servers from the engine, so that it does not go on to
     * register with one that need not exist. The check of the configuration
     * at Bootstrap-Finish uses Leshan's own extractor and sees them all.
     */
    private static final class BootstrapOnly extends DefaultServersInfoExtractor {
        @Override
        public ServersInfo getInfo(Map<Integer, LwM2mObjectEnabler> objects, boolean raise) {
            ServersInfo info = super.getInfo(objects, raise);
            if (info != null)
                info.deviceManagements.clear();
            return info;
        }
    }

    private static LeshanClient build(Options o) {
        DefaultRegistrationEngineFactory engine = new DefaultRegistrationEngineFactory();
        engine.setRequestTimeoutInMs(o.patienceMs);
        engine.setBootstrapSessionTimeoutInSec(o.timeoutSeconds);
        engine.setPreferredContentFormat(o.format != null && LESHANS_OWN.contains(o.format) ? o.format : null);

        LeshanClientBuilder builder = new LeshanClientBuilder(new DefaultClientEndpointNameProvider(o.endpoint,
                o.omitEndpoint ? DefaultClientEndpointNameProvider.Mode.NEVER
                        : DefaultClientEndpointNameProvider.Mode.ALWAYS));
        builder.setObjects(objects(o));
        builder.setRegistrationEngineFactory(engine);
        if (o.registrations == 0)
            builder.setServersInfoExtractor(new BootstrapOnly());
        builder.setBootstrapConsistencyChecker(
                new DefaultBootstrapConsistencyChecker(new DefaultServersInfoExtractor()));
        builder.setEndpointsProviders(transport(o));
        if (o.format != null && !LESHANS_OWN.contains(o.format))
            builder.setBootstrapAdditionalAttributes(Map.of("pct", String.valueOf(o.format.getCode())));
        return builder.build();
    }

    private static List<LwM2mObjectEnabler> objects(Options o) {
        ObjectsInitializer init = new ObjectsInitializer();
        if (o.factory == null) {
            init.setInstancesForObject(LwM2mId.SECURITY, o.account);
            init.setClassForObject(LwM2mId.SERVER, Server.class);
        } else {
            init.setInstancesForObject(LwM2mId.SECURITY, o.account, Security.noSec(o.factory, FACTORY_SSID));
            init.setInstancesForObject(LwM2mId.SERVER, new Server(FACTORY_SSID, 86400));
        }
        init.setClassForObject(LwM2mId.ACCESS_CONTROL, SimpleInstanceEnabler.class);
        init.setInstancesForObject(LwM2mId.DEVICE,
                new Device("interop", "boot-client", o.endpoint, EnumSet.of(BindingMode.U)));
        init.setClassForObject(LwM2mId.OSCORE, Oscore.class);
        return init.createAll();
    }

    private static CaliforniumClientEndpointsProvider transport(Options o) {
        CaliforniumClientEndpointsProvider.Builder builder = new CaliforniumClientEndpointsProvider.Builder(
                new Trace.Coap(), new Trace.Coaps());
        Configuration config = builder.createDefaultConfiguration();
        if (o.cipher != null) {
            config.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
            config.setAsListFromText(DtlsConfig.DTLS_CIPHER_SUITES, o.cipher);
        }
        if (o.cidLength != null)
            config.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, o.cidLength);
        return builder.setConfiguration(config).build();
    }
}
