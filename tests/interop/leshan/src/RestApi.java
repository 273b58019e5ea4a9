import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.servers.security.EditableSecurityStore;
import org.eclipse.leshan.servers.security.NonUniqueSecurityInfoException;
import org.eclipse.leshan.servers.security.SecurityInfo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * What others ask of Leshan's demo server over HTTP, with the same paths, JSON
 * and status codes:
 *
 * <pre>
 * GET    /api/clients                     all registrations
 * GET    /api/clients/ENDPOINT            one; 400 where it is not registered
 * POST   /api/clients/ENDPOINT/O/I/R      Execute; 400 likewise, 504 without an answer
 * PUT    /api/security/clients/           {"endpoint": ..., "tls": {"mode": ..., "details": {...}}}
 * DELETE /api/security/clients/ENDPOINT
 * </pre>
 */
final class RestApi {

    private static final String CLIENTS = "/api/clients";
    private static final String SECURITY = "/api/security/clients";
    private static final int DEFAULT_TIMEOUT_MS = 5000;

    private record Answer(int status, String type, String body) {
        static Answer text(int status, String body) {
            return new Answer(status, "text/plain", body);
        }
    }

    private final LeshanServer server;
    private final EditableSecurityStore store;
    private final ObjectMapper json = new ObjectMapper();
    private final HttpServer http;
    private final ExecutorService threads = Executors.newFixedThreadPool(4);

    RestApi(LeshanServer server, EditableSecurityStore store) throws IOException {
        this.server = server;
        this.store = store;
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext(CLIENTS, exchange -> handle(exchange, CLIENTS));
        http.createContext(SECURITY, exchange -> handle(exchange, SECURITY));
        http.setExecutor(threads);
        http.start();
    }

    int port() {
        return http.getAddress().getPort();
    }

    void stop() {
        http.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange, String context) throws IOException {
        Answer answer;
        try {
            answer = answer(exchange, context);
        } catch (IllegalArgumentException | JsonProcessingException | GeneralSecurityException
                | NonUniqueSecurityInfoException e) {
            answer = Answer.text(400, "Invalid request: " + e.getMessage());
        } catch (RuntimeException | InterruptedException e) {
            answer = Answer.text(500, "Unexpected exception: " + e.getMessage());
        }
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
        exchange.close();
    }

    private Answer answer(HttpExchange exchange, String context)
            throws IOException, GeneralSecurityException, NonUniqueSecurityInfoException, InterruptedException {
        List<String> path = new ArrayList<>();
        for (String part : exchange.getRequestURI().getPath().substring(context.length()).split("/"))
            if (!part.isEmpty())
                path.add(part);

        String what = exchange.getRequestMethod() + " " + context;
        if (what.equals("GET " + CLIENTS) && path.isEmpty())
            return all();
        if (what.equals("GET " + CLIENTS) && path.size() == 1)
            return one(path.get(0));
        if (what.equals("POST " + CLIENTS) && path.size() == 4)
            return execute(path, timeout(exchange.getRequestURI().getQuery()), exchange.getRequestBody().readAllBytes());
        if (what.equals("PUT " + SECURITY) && path.isEmpty()) {
            store.add(credential(json.readTree(exchange.getRequestBody())));
            return Answer.text(200, "");
        }
        if (what.equals("DELETE " + SECURITY) && path.size() == 1)
            return Answer.text(store.remove(path.get(0), true) == null ? 404 : 204, "");
        return Answer.text(400, "Invalid path");
    }

    private Answer all() throws JsonProcessingException {
        List<Map<String, Object>> registrations = new ArrayList<>();
        for (Iterator<Registration> i = server.getRegistrationService().getAllRegistrations(); i.hasNext();)
            registrations.add(described(i.next()));
        return new Answer(200, "application/json", json.writeValueAsString(registrations));
    }

    private Answer one(String endpoint) throws JsonProcessingException {
        Registration r = server.getRegistrationService().getByEndpoint(endpoint);
        return r == null ? unknown(endpoint)
                : new Answer(200, "application/json", json.writeValueAsString(described(r)));
    }

    private static Answer unknown(String endpoint) {
        return Answer.text(400, "no registered client with id '" + endpoint + "'");
    }

    private static Map<String, Object> described(Registration r) {
        Map<Integer, TreeSet<Integer>> instances = new TreeMap<>();
        for (LwM2mPath path : r.getAvailableInstances())
            instances.computeIfAbsent(path.getObjectId(), id -> new TreeSet<>()).add(path.getObjectInstanceId());

        Map<String, Object> map = new LinkedHashMap<>();
        map.put("endpoint", r.getEndpoint());
        map.put("registrationId", r.getId());
        map.put("registrationDate", r.getRegistrationDate().toInstant().toString());
        map.put("lastUpdate", r.getLastUpdate().toInstant().toString());
        map.put("address", r.getAddress().getHostAddress() + ":" + r.getPort());
        map.put("lwM2mVersion", r.getLwM2mVersion().toString());
        map.put("lifetime", r.getLifeTimeInSec());
        map.put("bindingMode", BindingMode.toString(r.getBindingMode()));
        map.put("rootPath", r.getRootPath());
        map.put("secure", r.getClientTransportData().getIdentity().isSecure());
        map.put("availableInstances", instances);
        return map;
    }

    private Answer execute(List<String> path, int timeoutMs, byte[] arguments)
            throws JsonProcessingException, InterruptedException {
        String endpoint = path.get(0);
        Registration r = server.getRegistrationService().getByEndpoint(endpoint);
        if (r == null)
            return unknown(endpoint);
        String target = "/" + String.join("/", path.subList(1, 4));
        String said = arguments.length == 0 ? null : new String(arguments, StandardCharsets.UTF_8);
        ExecuteResponse response = server.send(r, new ExecuteRequest(target, said), timeoutMs);
        if (response == null)
            return Answer.text(504, "Request timeout");

        Map<String, Object> map = new LinkedHashMap<>();
        map.put("status", response.getCode().toString());
        map.put("valid", response.isValid());
        map.put("success", response.isSuccess());
        map.put("failure", response.isFailure());
        return new Answer(200, "application/json", json.writeValueAsString(map));
    }

    /** In seconds in the query, as `timeout=`. */
    private static int timeout(String query) {
        if (query != null)
            for (String part : query.split("&"))
                if (part.startsWith("timeout="))
                    return Math.multiplyExact(Integer.parseInt(part.substring(8)), 1000);
        return DEFAULT_TIMEOUT_MS;
    }

    private static SecurityInfo credential(JsonNode node) throws GeneralSecurityException {
        String endpoint = text(node, "endpoint");
        JsonNode tls = node.path("tls");
        JsonNode details = tls.path("details");
        return switch (text(tls, "mode")) {
        case "psk" -> SecurityInfo.newPreSharedKeyInfo(endpoint, text(details, "identity"),
                HexFormat.of().parseHex(text(details, "key")));
        case "rpk" -> SecurityInfo.newRawPublicKeyInfo(endpoint,
                Credentials.publicKey(HexFormat.of().parseHex(text(details, "key"))));
        case "x509" -> SecurityInfo.newX509CertInfo(endpoint);
        default -> throw new IllegalArgumentException("no such mode");
        };
    }

    private static String text(JsonNode node, String name) {
        String value = node.path(name).textValue();
        if (value == null)
            throw new IllegalArgumentException("Missing " + name);
        return value;
    }
}
