package org.xtls.webconsole;

import com.google.zxing.WriterException;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.felix.webconsole.servlet.AbstractServlet;
import org.apache.felix.webconsole.servlet.ServletConstants;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xtls.BareJid;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;
import org.xtls.trust.TrustStore;
import org.xtls.webconsole.Stages.Unavailable;

/**
 * The page at {@code xtls}. The web console knows who may see it; what is below that is found here: {@code state.json}, which
 * the page's script polls, {@code qr.svg}, and {@code decide}, which takes decisions on keys.
 */
@Component(
        service = Servlet.class,
        property = {
            ServletConstants.PLUGIN_LABEL + "=" + XtlsPage.LABEL,
            ServletConstants.PLUGIN_TITLE + "=XTLS",
            ServletConstants.PLUGIN_CATEGORY + "=Main",
            ServletConstants.PLUGIN_CSS_REFERENCES + "=/" + XtlsPage.LABEL + "/page.css"
        })
public final class XtlsPage extends AbstractServlet {
    static final String LABEL = "xtls";

    /**
     * No script but files of this server, so that one that gets into the page is not run. That holds for the two in the web
     * console's own header too; page.js does what they do.
     */
    static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
                    + " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(XtlsPage.class);

    private static final Map<String, String> HEADINGS = Map.of(
            "tunnels", "Tunnels",
            "keys", "Known keys",
            "methods", "Authentication methods",
            "policy", "Policy",
            "counts", "Since the tunnel service started");

    private static final List<String> ORDER = List.of("status", "tunnels", "keys", "methods", "policy", "counts");

    private final transient Observed observed;
    private final transient CrossSite crossSite = new CrossSite();

    @Activate
    public XtlsPage(@Reference Observed observed) {
        this.observed = observed;
    }

    // ---- the page

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("X-Frame-Options", "DENY");
        // Not no-referrer: with that a form's Origin would be null.
        response.setHeader("Referrer-Policy", "same-origin");
        switch (path(request)) {
            case "", "/" -> setNoCache(response); // and the web console calls renderContent
            case "/state.json" -> state(request, response);
            case "/qr.svg" -> qrCode(request, response);
            case "/page.js" -> resource("page.js", "text/javascript", response);
            case "/page.css" -> resource("page.css", "text/css", response);
            default -> say(HttpServletResponse.SC_NOT_FOUND, "There is no such thing.", response);
        }
    }

    @Override
    public void renderContent(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String root = root(request);
        Optional<RuntimeDTO> runtime = observed.runtime();
        String token = crossSite.token(request, response, root);
        String version = version(runtime, token);
        Map<String, String> sections = sections(runtime, root, token);
        PrintWriter html = response.getWriter();
        html.println("<div id='xtls' data-console='%s' data-root='%s' data-version='%s'>"
                .formatted(
                        Html.text(String.valueOf(request.getAttribute(ServletConstants.ATTR_APP_ROOT))),
                        Html.text(root),
                        Html.text(version)));
        html.println("<p id='xtls-message' class='xtls-bad' role='alert' hidden></p>");
        for (String name : ORDER) {
            String heading = HEADINGS.get(name);
            if (heading != null) {
                html.println("<h2>" + heading + "</h2>");
            }
            html.println("<section id='xtls-" + name + "'>" + sections.get(name) + "</section>");
        }
        html.println("</div><script src='" + Html.text(root) + "/page.js'></script>");
    }

    /** All of it when it is not what the browser has, else only what changes all the time. */
    private void state(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String root = root(request);
        Optional<RuntimeDTO> runtime = observed.runtime();
        String token = crossSite.token(request, response, root);
        String version = version(runtime, token);
        Map<String, String> sections = version.equals(request.getParameter("have"))
                ? Sections.traffic(runtime.orElseGet(XtlsPage::none))
                : sections(runtime, root, token);
        setNoCache(response);
        write("application/json", Json.of(Map.of("version", version, "sections", sections)), response);
    }

    /** A session that begins anew, in another window perhaps, makes the tokens in this page worthless. */
    private String version(Optional<RuntimeDTO> runtime, String token) {
        return observed.version(runtime) + "." + token.substring(0, 6);
    }

    private Map<String, String> sections(Optional<RuntimeDTO> runtime, String root, String token) {
        RuntimeDTO shown = runtime.orElseGet(XtlsPage::none);
        Map<String, String> sections = new LinkedHashMap<>(Sections.state(shown));
        sections.putAll(Sections.traffic(shown));
        sections.put("keys", keys(root, token));
        return sections;
    }

    private String keys(String root, String token) {
        try {
            return Sections.keys(Stages.await(store().peers()), root, token);
        } catch (Unavailable e) {
            return Sections.problem(e.reason());
        }
    }

    private static RuntimeDTO none() {
        RuntimeDTO none = new RuntimeDTO();
        none.missing = List.of("tunnel service: is the bundle org.xtls.tunnel installed and started?");
        return none;
    }

    private void qrCode(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            BareJid peer = BareJid.parse(parameter("peer", request));
            KeyName key = new KeyName(parameter("method", request), parameter("fingerprint", request));
            if (Stages.await(store().peer(peer)).key(key).isEmpty()) {
                say(HttpServletResponse.SC_NOT_FOUND, "No such key is known.", response);
                return;
            }
            setNoCache(response);
            write("image/svg+xml", QrCode.svg(peer, key), response);
        } catch (IllegalArgumentException | WriterException e) {
            say(HttpServletResponse.SC_BAD_REQUEST, e.getMessage(), response);
        } catch (Unavailable e) {
            say(HttpServletResponse.SC_SERVICE_UNAVAILABLE, e.reason(), response);
        }
    }

    // ---- decisions

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("X-Content-Type-Options", "nosniff");
        if (!path(request).equals("/decide")) {
            say(HttpServletResponse.SC_NOT_FOUND, "There is no such thing.", response);
            return;
        }
        Optional<String> refusal = crossSite.refusal(request);
        if (refusal.isPresent()) {
            LOG.warn("a request from {} is refused: {}", request.getRemoteAddr(), refusal.get());
            say(HttpServletResponse.SC_FORBIDDEN, "The request is refused: " + refusal.get() + ".", response);
            return;
        }
        try {
            BareJid peer = BareJid.parse(parameter("peer", request));
            KeyName key = new KeyName(parameter("method", request), parameter("fingerprint", request));
            decide(peer, key, parameter("state", request), decision(parameter("to", request)), request, response);
        } catch (IllegalArgumentException e) {
            say(HttpServletResponse.SC_BAD_REQUEST, e.getMessage(), response);
        } catch (Unavailable e) {
            say(HttpServletResponse.SC_SERVICE_UNAVAILABLE, e.reason(), response);
        }
    }

    /** Only on what is still as it was shown: whoever accepts a key must not overrule somebody who has just distrusted it. */
    private void decide(
            BareJid peer,
            KeyName key,
            String seen,
            KeyState decision,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException, Unavailable {
        TrustStore store = store();
        String now = Stages.await(store.peer(peer))
                .key(key)
                .map(KnownKey::state)
                .map(Sections::state)
                .orElse("unknown");
        if (!now.equals(seen)) {
            say(
                    HttpServletResponse.SC_CONFLICT,
                    "Nothing is changed: the key of " + peer + " was " + seen + " and is " + now + " by now.",
                    response);
            return;
        }
        String user = Objects.requireNonNullElse(request.getRemoteUser(), "somebody");
        String word = decision == KeyState.VERIFIED ? "accepted" : "distrusted";
        var unused = Stages.await(store.put(peer, key, decision, word + " in the web console by " + user));
        LOG.info("{} of {} is {} in the web console", key, peer, word);
        response.setHeader("Location", root(request));
        response.setStatus(HttpServletResponse.SC_SEE_OTHER);
    }

    private static KeyState decision(String word) {
        return switch (word) {
            case "verified" -> KeyState.VERIFIED;
            case "distrusted" -> KeyState.DISTRUSTED;
            default -> throw new IllegalArgumentException("'to' is neither verified nor distrusted");
        };
    }

    private TrustStore store() throws Unavailable {
        return observed.trust()
                .orElseThrow(() -> new Unavailable("There is no trust store. Is its bundle installed and started?"));
    }

    // ---- HTTP

    /** What comes after the label. */
    private static String path(HttpServletRequest request) {
        String path = Objects.requireNonNullElse(request.getPathInfo(), "");
        return path.startsWith("/" + LABEL) ? path.substring(LABEL.length() + 1) : path;
    }

    private static String root(HttpServletRequest request) {
        return String.valueOf(request.getAttribute(ServletConstants.ATTR_PLUGIN_ROOT));
    }

    private static String parameter(String name, HttpServletRequest request) {
        String value = request.getParameter(name);
        if (value == null) {
            throw new IllegalArgumentException("'" + name + "' is missing");
        }
        return value;
    }

    /** Theirs is found under res/; ours are told apart above. */
    @Override
    protected @Nullable URL getResource(String path) {
        return null;
    }

    private static void resource(String name, String type, HttpServletResponse response) throws IOException {
        try (InputStream content = Objects.requireNonNull(XtlsPage.class.getResourceAsStream(name))) {
            write(type, new String(content.readAllBytes(), StandardCharsets.UTF_8), response);
        }
    }

    private static void say(int status, @Nullable String message, HttpServletResponse response) throws IOException {
        response.setStatus(status);
        write("text/plain", String.valueOf(message), response);
    }

    private static void write(String type, String content, HttpServletResponse response) throws IOException {
        response.setContentType(type + ";charset=UTF-8");
        response.getOutputStream().write(content.getBytes(StandardCharsets.UTF_8));
    }
}
