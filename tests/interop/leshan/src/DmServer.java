import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.leshan.core.endpoint.EndpointUri;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.peer.LwM2mIdentity;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.endpoint.LwM2mServerEndpoint;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

/**
 * An LwM2M server on Leshan's server library, on loopback and free ports, with
 * the part of the REST API of Leshan's demo server that RestApi says. It prints
 * where it is and who comes and goes, and ends with its standard input.
 *
 * <pre>
 * READY coap=coap://127.0.0.1:40001 coaps=coaps://127.0.0.1:40002 http=http://127.0.0.1:40003
 * REGISTERED endpoint=dev-1 id=QPBklxwXkJ by=PskIdentity lifetime=86400
 * DEREGISTERED endpoint=dev-1 id=QPBklxwXkJ expired=false
 * </pre>
 */
public final class DmServer {

    private static final String USAGE = """
            usage: DmServer [option ...]
              --certificate FILE  what it shows, as a certificate and as a raw public key
              --private-key FILE  its key (PKCS #8)
              --trust FILE        a CA of devices; any number of them
            """;

    private Certificate certificate;
    private PrivateKey key;
    private final List<Certificate> trust = new ArrayList<>();

    private DmServer() {
    }

    public static void main(String[] args) throws IOException {
        if (System.getProperty("org.slf4j.simpleLogger.defaultLogLevel") == null)
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");

        DmServer options = new DmServer();
        try {
            options.parse(args);
        } catch (IllegalArgumentException | IOException | GeneralSecurityException e) {
            System.err.println("DmServer: " + e.getMessage());
            System.err.print(USAGE);
            System.exit(64);
            return;
        }
        options.run();
        System.exit(0);
    }

    private void parse(String[] args) throws IOException, GeneralSecurityException {
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length)
                throw new IllegalArgumentException(args[i] + ": no such option, or its value is missing");
            Path file = Path.of(args[i + 1]);
            switch (args[i]) {
            case "--certificate" -> certificate = Credentials.certificate(Credentials.read(file));
            case "--private-key" -> key = Credentials.privateKey(Credentials.read(file));
            case "--trust" -> trust.add(Credentials.certificate(Credentials.read(file)));
            default -> throw new IllegalArgumentException(args[i] + ": no such option");
            }
        }
        if ((certificate == null) != (key == null))
            throw new IllegalArgumentException("--certificate and --private-key belong together");
    }

    private void run() throws IOException {
        InMemorySecurityStore store = new InMemorySecurityStore();
        LeshanServer server = build(store);
        server.getRegistrationService().addListener(new Comings());
        server.start();
        RestApi api = new RestApi(server, store);

        StringBuilder ready = new StringBuilder("READY");
        for (LwM2mServerEndpoint endpoint : server.getEndpoints()) {
            EndpointUri uri = endpoint.getURI();
            ready.append(' ').append(uri.getScheme()).append('=').append(uri);
        }
        Trace.line("%s http=http://127.0.0.1:%d", ready, api.port());

        while (System.in.read() >= 0)
            ; // nobody has anything to say
        api.stop();
        server.destroy();
    }

    private LeshanServer build(InMemorySecurityStore store) {
        CaliforniumServerEndpointsProvider.Builder transport = new CaliforniumServerEndpointsProvider.Builder(
                new CoapServerProtocolProvider(), new CoapsServerProtocolProvider());
        Configuration config = transport.createDefaultConfiguration();
        // By default it wants to call devices too, with a certificate for clients.
        config.set(DtlsConfig.DTLS_ROLE, DtlsConfig.DtlsRole.SERVER_ONLY);
        transport.setConfiguration(config);
        transport.addEndpoint("coap://127.0.0.1:0").addEndpoint("coaps://127.0.0.1:0");

        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setSecurityStore(store);
        if (certificate != null) {
            builder.setPrivateKey(key);
            builder.setCertificateChain(new X509Certificate[] { (X509Certificate) certificate });
            builder.setTrustedCertificates(trust.toArray(new Certificate[0]));
        }
        builder.setEndpointsProviders(transport.build());
        return builder.build();
    }

    /** Who comes and goes, a line each. */
    private static final class Comings implements RegistrationListener {
        @Override
        public void registered(Registration r, Registration before, Collection<Observation> observations) {
            LwM2mIdentity by = r.getClientTransportData().getIdentity();
            Trace.line("REGISTERED endpoint=%s id=%s by=%s lifetime=%d", Trace.quote(r.getEndpoint()),
                    Trace.quote(r.getId()), by.getClass().getSimpleName(), r.getLifeTimeInSec());
        }

        @Override
        public void updated(RegistrationUpdate update, Registration after, Registration before) {
            Trace.line("UPDATED endpoint=%s id=%s", Trace.quote(after.getEndpoint()), Trace.quote(after.getId()));
        }

        @Override
        public void unregistered(Registration r, Collection<Observation> observations, boolean expired,
                Registration after) {
            Trace.line("DEREGISTERED endpoint=%s id=%s expired=%s", Trace.quote(r.getEndpoint()),
                    Trace.quote(r.getId()), expired);
        }
    }
}
