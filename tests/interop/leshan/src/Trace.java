import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.leshan.client.endpoint.ClientEndpointToolbox;
import org.eclipse.leshan.client.servers.ServerInfo;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpointFactory;
import org.eclipse.leshan.transport.californium.client.endpoint.coap.CoapClientEndpointFactory;
import org.eclipse.leshan.transport.californium.client.endpoint.coap.CoapClientProtocolProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coaps.CoapsClientEndpointFactory;
import org.eclipse.leshan.transport.californium.client.endpoint.coaps.CoapsClientProtocolProvider;

/**
 * The device's side of the wire, one line per exchange. It stands at the CoAP
 * messages and not at Leshan's requests, because a Write whose payload Leshan
 * cannot decode never becomes one. Lengths are printed, payloads never: they
 * hold keys.
 */
final class Trace implements MessageInterceptor {

    private final Map<Token, Request> open = new HashMap<>();
    private final Map<Token, String> asked = new HashMap<>();

    @Override
    public synchronized void sendRequest(Request request) {
        asked.put(request.getToken(), request.getOptions().getUriPathString());
    }

    /** Of the Bootstrap-Server's answers; who registers says so itself. */
    @Override
    public synchronized void receiveResponse(Response response) {
        if (!"bs".equals(asked.remove(response.getToken())))
            return;
        if (response.getSourceContext() instanceof DtlsEndpointContext dtls) {
            line("BOOTSTRAP %s code=%s cipher=%s", verdict(response), code(response), dtls.getCipher());
            line("CID theirs=%s ours=%s", length(dtls.get(DtlsEndpointContext.KEY_WRITE_CONNECTION_ID)),
                    length(dtls.get(DtlsEndpointContext.KEY_READ_CONNECTION_ID)));
        } else
            line("BOOTSTRAP %s code=%s cipher=-", verdict(response), code(response));
    }

    private static String length(Bytes id) {
        return id == null ? "-" : Integer.toString(id.length());
    }

    @Override
    public synchronized void receiveRequest(Request request) {
        open.put(request.getToken(), request);
    }

    @Override
    public synchronized void sendResponse(Response response) {
        Request request = open.get(response.getToken());
        if (request == null)
            return;
        StringBuilder s = new StringBuilder("REQUEST ");
        s.append(verb(request)).append(" /").append(quote(request.getOptions().getUriPathString()));
        OptionSet options = request.getOptions();
        if (options.hasContentFormat())
            s.append(" format=").append(options.getContentFormat());
        if (options.hasAccept())
            s.append(" format=").append(options.getAccept());
        if (options.hasBlock1())
            s.append(" block1=").append(options.getBlock1().getNum());
        size(s, request);
        s.append(" -> ").append(code(response));
        size(s, response);
        // With an error the payload is text for people, and no credential.
        if (response.getCode().isClientError() || response.getCode().isServerError())
            s.append(" reason=").append(sentence(response.getPayloadString()));
        line("%s", s);
    }

    private static String verdict(Response response) {
        return response.getCode().isSuccess() ? "accepted" : "refused";
    }

    /** The operation of the Bootstrap interface that a request is. */
    private static String verb(Request request) {
        return switch (request.getCode()) {
        case GET -> request.getOptions().getAccept() == 40 ? "DISCOVER" : "READ";
        case PUT -> "WRITE";
        case DELETE -> "DELETE";
        case POST -> request.getOptions().getUriPathString().equals("bs") ? "FINISH" : "POST";
        default -> request.getCode().name();
        };
    }

    private static void size(StringBuilder s, Message message) {
        if (message.getPayloadSize() > 0)
            s.append(" bytes=").append(message.getPayloadSize());
    }

    private static String code(Response response) {
        return response.getCode().toString().substring(0, 4);
    }

    /** 404 as 4.04. */
    static String code(int httpLike) {
        return String.format("%d.%02d", httpLike / 100, httpLike % 100);
    }

    static synchronized void line(String format, Object... values) {
        System.out.println(String.format(format, values));
        System.out.flush();
    }

    /** One word without blanks, whatever the peer sent. */
    static String quote(String text) {
        return text == null ? "-" : quote(text.getBytes(StandardCharsets.UTF_8));
    }

    static String quote(byte[] bytes) {
        return escape(bytes, (byte) '!');
    }

    /** Text for people, between quotation marks and on one line. */
    static String sentence(String text) {
        String plain = String.valueOf(text).replace('"', '\'');
        return '"' + escape(plain.getBytes(StandardCharsets.UTF_8), (byte) ' ') + '"';
    }

    private static String escape(byte[] bytes, byte lowest) {
        StringBuilder s = new StringBuilder();
        for (byte b : bytes) {
            if (b >= lowest && b < 0x7f && b != '\\')
                s.append((char) b);
            else
                s.append(String.format("\\x%02x", b & 0xff));
        }
        return s.toString();
    }

    /** Leshan's coap transport with a trace on every endpoint. */
    static final class Coap extends CoapClientProtocolProvider {
        @Override
        public CaliforniumClientEndpointFactory createDefaultEndpointFactory() {
            return new CoapClientEndpointFactory() {
                @Override
                public CoapEndpoint createCoapEndpoint(InetAddress address, Configuration config, ServerInfo server,
                        boolean clientInitiatedOnly, List<Certificate> trust, ClientEndpointToolbox toolbox) {
                    return traced(super.createCoapEndpoint(address, config, server, clientInitiatedOnly, trust,
                            toolbox));
                }
            };
        }
    }

    /** The same for coaps. */
    static final class Coaps extends CoapsClientProtocolProvider {
        @Override
        public CaliforniumClientEndpointFactory createDefaultEndpointFactory() {
            return new CoapsClientEndpointFactory() {
                @Override
                public CoapEndpoint createCoapEndpoint(InetAddress address, Configuration config, ServerInfo server,
                        boolean clientInitiatedOnly, List<Certificate> trust, ClientEndpointToolbox toolbox) {
                    return traced(super.createCoapEndpoint(address, config, server, clientInitiatedOnly, trust,
                            toolbox));
                }
            };
        }
    }

    private static CoapEndpoint traced(CoapEndpoint endpoint) {
        if (endpoint != null)
            endpoint.addInterceptor(new Trace());
        return endpoint;
    }
}
