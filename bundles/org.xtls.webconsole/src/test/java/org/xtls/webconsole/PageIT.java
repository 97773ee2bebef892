package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceRegistration;
import org.xtls.BareJid;
import org.xtls.runtime.CountsDTO;
import org.xtls.runtime.MethodDTO;
import org.xtls.runtime.RuntimeDTO;
import org.xtls.runtime.TunnelDTO;
import org.xtls.runtime.XtlsRuntime;
import org.xtls.trust.KeyName;
import org.xtls.trust.KeyState;
import org.xtls.trust.KnownKey;

/** The page in a real web console, in a real browser. */
class PageIT {
    private static final BareJid JULIET = BareJid.parse("juliet@capulet.net");
    private static final BareJid NURSE = BareJid.parse("nurse@capulet.net");
    private static final BareJid TYBALT = BareJid.parse("tybalt@capulet.net");
    private static final BareJid PARIS = BareJid.parse("paris@verona.example");
    private static final KeyName JULIETS =
            new KeyName("x509", "d7764e984ccba023 39f3010ce90bb989 97b523816a978a76 2018fafcdd6df8a8");
    private static final KeyName NURSES =
            new KeyName("x509", "74896b001dc2fca4 cb7b6eba7fb06592 e1dd7b657a25b94f 87be2a049b32c0b3");
    private static final KeyName TYBALTS = new KeyName("openpgp", "5f1d0c3e9a2b47685d1e0f7a8b9c6d2e3f405162");
    private static final KeyName PARIS_OLD =
            new KeyName("x509", "0a1b2c3d4e5f60718293a4b5c6d7e8f9 00112233445566778899aabbccddeeff");

    private static final String SCRIPT = "<script>window.hacked='script'</script>";
    private static final String IMAGE = "<img src=x onerror=\"window.hacked='image'\">";

    @TempDir
    private static Path profile;

    private static Browser browser;

    @TempDir
    private Path directory;

    private final RuntimeDTO runtime = verona();
    private Console console;
    private ServiceRegistration<XtlsRuntime> registration;

    @BeforeAll
    static void startBrowser() throws Exception {
        browser = new Browser(profile.resolve("new"));
    }

    @AfterAll
    static void stopBrowser() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        console = new Console(directory);
        registration = console.context().registerService(XtlsRuntime.class, () -> runtime, null);
        put(JULIET, JULIETS, KeyState.VERIFIED, "handed over in a verified tunnel (srp-psk)");
        put(NURSE, NURSES, KeyState.FIRST_USE, "taken on first use");
        put(PARIS, PARIS_OLD, KeyState.VERIFIED, "pinned on the shell");
        put(PARIS, PARIS_OLD, KeyState.EXPIRED, "certificate expired on 2026-11-01");
        put(TYBALT, TYBALTS, KeyState.DISTRUSTED, "distrusted on the shell");
        load();
    }

    /** With the password in the address once, and then without: a page with it may fetch nothing. */
    private void load() throws Exception {
        browser.open(console.page().replace("http://", "http://" + Console.USER + ":" + Console.PASSWORD + "@"));
        browser.open(console.page());
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    // ---- seeing

    @Test
    void it_shows_tunnels_keys_methods_policy_and_counts() throws Exception {
        String tunnels = text("tunnels");
        assertContains(tunnels, "juliet@capulet.net/balcony");
        assertContains(tunnels, "from romeo@montague.net/orchard");
        assertContains(tunnels, "TLSv1.3 X25519MLKEM768");
        assertContains(tunnels, "D776 4E98 4CCB A023 39F3 010C E90B B989 97B5 2381 6A97 8A76 2018 FAFC DD6D F8A8");
        String keys = text("keys");
        assertContains(keys, "tybalt@capulet.net");
        assertContains(keys, "5F1D 0C3E 9A2B 4768 5D1E 0F7A 8B9C 6D2E 3F40 5162");
        assertContains(keys, "certificate expired on 2026-11-01");
        assertContains(text("methods"), "org.xtls.auth.x509");
        assertContains(text("policy"), "*.montague.net: require verified");
        assertContains(text("counts"), "3 UNTRUSTED");
        assertContains(text("status"), "Connected as romeo@montague.net/orchard");

        // The console's menu, whose inline script this page's policy does not run, works by page.js.
        browser.await("document.querySelector('#navmenu.ui-menu')");
        // What is closed is not loaded.
        browser.get("document.querySelectorAll('#xtls-keys details')[1].open = true");
        browser.await("document.querySelector('#xtls-keys details[open] img').complete"
                + " && document.querySelector('#xtls-keys details[open] img').naturalWidth > 0");
        Path picture = Path.of("target", "webconsole.png");
        Files.write(picture, browser.screenshot());
    }

    @Test
    void it_follows_changes_and_counts_without_being_loaded_again() throws Exception {
        browser.get("window.loaded = 'once'");
        runtime.tunnels.get(0).sent = 4711; // no change count moves with this
        browser.await("document.getElementById('xtls-tunnels').innerText.includes('4711')");

        runtime.links = List.of();
        runtime.changeCount++;
        browser.await("document.getElementById('xtls-status').innerText.includes('no connection to a server')");
        put(TYBALT, TYBALTS, KeyState.VERIFIED, "reconciled");
        browser.await("document.getElementById('xtls-keys').innerText.includes('reconciled')");
        assertEquals("once", browser.get("window.loaded"));
    }

    @Test
    void services_may_go_and_come() throws Exception {
        browser.get("window.loaded = 'once'");
        registration.unregister();
        browser.await("document.getElementById('xtls-status').innerText.includes('There is no tunnel service')");
        registration = console.context().registerService(XtlsRuntime.class, () -> runtime, null);
        browser.await("document.getElementById('xtls-status').innerText.includes('Connected as')");
        Bundle trust = console.bundle("org.xtls.trust.file");
        trust.stop();
        browser.await("document.getElementById('xtls-keys').innerText.includes('There is no trust store')");
        trust.start();
        browser.await("document.getElementById('xtls-keys').innerText.includes('juliet@capulet.net')");
        assertEquals("once", browser.get("window.loaded"));

        Bundle own = console.bundle("org.xtls.webconsole");
        own.stop();
        browser.await("document.getElementById('xtls').classList.contains('xtls-stale')");
        assertEquals(404, request(console.page(), "GET", Map.of(), "").statusCode());
        own.start();
        browser.await("!document.getElementById('xtls').classList.contains('xtls-stale')");
    }

    // ---- deciding

    @Test
    void a_key_is_accepted_and_distrusted_with_a_click() throws Exception {
        browser.get("window.loaded = 'once'");
        browser.click(form(NURSE) + " button[value=verified]");
        browser.await("document.querySelector('" + form(NURSE) + " input[name=state]').value === 'verified'");
        KnownKey key = held(NURSE, NURSES);
        assertEquals(KeyState.VERIFIED, key.state());
        assertEquals("accepted in the web console by " + Console.USER, key.evidence());

        browser.click(form(JULIET) + " button[value=distrusted]");
        browser.await("document.querySelector('" + form(JULIET) + " input[name=state]').value === 'distrusted'");
        assertEquals(KeyState.DISTRUSTED, held(JULIET, JULIETS).state());
        browser.await("!document.querySelector('" + form(JULIET) + " button[value=distrusted]')");
        assertEquals("once", browser.get("window.loaded"));
        assertEquals("", browser.get("document.getElementById('xtls-message').textContent"));
    }

    @Test
    void it_works_without_a_script_too() throws Exception {
        browser.get("HTMLFormElement.prototype.submit.call(Object.assign("
                + "document.querySelector('" + form(NURSE) + "').appendChild(document.createElement('input')),"
                + " {name: 'to', value: 'verified'}).form)");
        browser.await("document.querySelector('" + form(NURSE) + " input[name=state]').value === 'verified'");
        assertEquals(KeyState.VERIFIED, held(NURSE, NURSES).state());
    }

    @Test
    void a_decision_on_what_is_no_longer_so_changes_nothing() throws Exception {
        // The page is not to learn of it before the click.
        browser.get("document.querySelector('" + form(NURSE) + " input[name=state]').value = 'verified'");
        browser.click(form(NURSE) + " button[value=verified]");
        browser.await(
                "document.getElementById('xtls-message').innerText.includes('was verified and is first-use by now')");
        assertEquals(KeyState.FIRST_USE, held(NURSE, NURSES).state());
        browser.await("document.querySelector('" + form(NURSE) + " input[name=state]').value === 'first-use'");
    }

    // ---- attacks

    @Test
    void another_site_cannot_decide_with_the_users_password() throws Exception {
        Map<String, String> forged = decision(NURSE, NURSES, "first-use");
        // Even one that has got hold of a token.
        forged.put("token", browser.get("document.querySelector('#xtls input[name=token]').value"));
        HttpServer evil = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        evil.createContext("/", exchange -> {
            byte[] page = ("<form method=post action='" + uri() + "/decide'>"
                            + forged.entrySet().stream()
                                    .map(field ->
                                            "<input name='" + field.getKey() + "' value='" + field.getValue() + "'>")
                                    .collect(Collectors.joining())
                            + "<button id=win>You have won</button></form>")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "text/html");
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        evil.start();
        try {
            // Another site in name (localhost), and then one that is the same but for the port.
            for (String host : List.of("localhost", "127.0.0.1")) {
                browser.open("http://" + host + ":" + evil.getAddress().getPort() + "/");
                browser.click("#win");
                browser.await("location.pathname.endsWith('/decide') && document.body.innerText.length > 0");
                assertContains(browser.get("document.body.innerText"), "The request is refused");
                assertEquals(KeyState.FIRST_USE, held(NURSE, NURSES).state());
            }
        } finally {
            evil.stop(0);
        }
    }

    @Test
    void only_a_post_from_this_origin_with_the_sessions_token_decides() throws Exception {
        HttpResponse<String> page = request(console.page(), "GET", Map.of(), "");
        String cookie = page.headers().allValues("Set-Cookie").stream()
                .filter(set -> set.startsWith(CrossSite.COOKIE + "="))
                .findFirst()
                .orElseThrow();
        assertTrue(cookie.contains("; HttpOnly; SameSite=Strict"), cookie);
        assertTrue(cookie.contains("; Path=/system/console/xtls;"), cookie);
        Matcher token = Pattern.compile("name='token' value='([^']+)'").matcher(page.body());
        assertTrue(token.find());
        Map<String, String> body = decision(NURSE, NURSES, "first-use");
        body.put("token", token.group(1));
        Map<String, String> headers = new TreeMap<>(Map.of(
                "Origin", console.origin(),
                "Cookie", cookie.substring(0, cookie.indexOf(';')),
                "Content-Type", "application/x-www-form-urlencoded"));

        assertEquals(403, decide(headers, body, changed -> without(changed, "Origin"), same -> same));
        assertEquals(403, decide(headers, body, changed -> with(changed, "Origin", "null"), same -> same));
        assertEquals(
                403, decide(headers, body, changed -> with(changed, "Origin", "http://evil.example"), same -> same));
        assertEquals(
                403, decide(headers, body, changed -> with(changed, "Sec-Fetch-Site", "cross-site"), same -> same));
        assertEquals(403, decide(headers, body, changed -> with(changed, "Sec-Fetch-Site", "same-site"), same -> same));
        assertEquals(403, decide(headers, body, changed -> without(changed, "Cookie"), same -> same));
        assertEquals(
                403,
                decide(
                        headers,
                        body,
                        changed -> with(changed, "Cookie", CrossSite.COOKIE + "=" + "A".repeat(22)),
                        same -> same));
        assertEquals(403, decide(headers, body, same -> same, changed -> without(changed, "token")));
        assertEquals(403, decide(headers, body, same -> same, changed -> with(changed, "token", "A".repeat(43))));
        assertEquals(400, decide(headers, body, same -> same, changed -> with(changed, "fingerprint", "<b>")));
        assertEquals(400, decide(headers, body, same -> same, changed -> with(changed, "to", "first-use")));
        assertEquals(409, decide(headers, body, same -> same, changed -> with(changed, "state", "distrusted")));
        assertEquals(
                409, decide(headers, body, same -> same, changed -> with(changed, "peer", "stranger@verona.example")));
        assertEquals(
                404,
                request(console.page() + "/decide?" + form(body), "GET", headers, "")
                        .statusCode());
        assertEquals(401, anonymous(console.page() + "/decide", form(body), headers));
        assertEquals(KeyState.FIRST_USE, held(NURSE, NURSES).state());

        assertEquals(303, decide(headers, body, same -> same, same -> same));
        assertEquals(KeyState.VERIFIED, held(NURSE, NURSES).state());
    }

    @Test
    void what_peers_have_written_is_text() throws Exception {
        TunnelDTO tunnel = runtime.tunnels.get(0);
        tunnel.peer = "mercutio@verona.example/" + SCRIPT + "${appRoot}";
        tunnel.evidence = IMAGE + "\u202egro.elpmaxe";
        runtime.changeCount++;
        put(NURSE, NURSES, KeyState.VERIFIED, SCRIPT + IMAGE + "${appRoot}'\">");
        // Once as it is loaded, once as it is polled.
        for (String how : List.of("loaded", "polled")) {
            if (how.equals("loaded")) {
                browser.open(console.page());
            } else {
                browser.get("document.getElementById('xtls-tunnels').innerHTML = ''");
                browser.get("document.getElementById('xtls-keys').innerHTML = ''");
                runtime.changeCount++;
                tunnel.sent++;
                put(NURSE, NURSES, KeyState.DISTRUSTED, SCRIPT + IMAGE + "${appRoot}'\">");
                browser.await("document.getElementById('xtls-tunnels').innerText.includes('mercutio')"
                        + " && document.getElementById('xtls-keys').innerText.includes('nurse')");
            }
            assertContains(text("tunnels"), "mercutio@verona.example/" + SCRIPT + "${appRoot}");
            assertContains(text("tunnels"), IMAGE + "\\u{202e}gro.elpmaxe");
            assertContains(text("keys"), SCRIPT + IMAGE + "${appRoot}'\">");
            assertEquals(
                    "0", browser.get("document.querySelectorAll('#xtls img[src=x], #xtls section script').length"));
            assertEquals("undefined", browser.get("typeof window.hacked"), how);
        }
    }

    @Test
    void a_script_that_gets_into_the_page_after_all_is_not_run() throws Exception {
        String violated = browser.async("""
                const late = setTimeout(() => done('none'), 30000);
                document.addEventListener('securitypolicyviolation', e => {
                    clearTimeout(late);
                    done(e.effectiveDirective);
                });
                document.getElementById('xtls-status').innerHTML =
                    '<img src="/nowhere" onerror="window.hacked = 1">';
                """);
        assertEquals("script-src-attr", violated);
        assertEquals("undefined", browser.get("typeof window.hacked"));
        HttpResponse<String> page = request(console.page(), "GET", Map.of(), "");
        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertFalse(policy.contains("unsafe"), policy);
        assertEquals("DENY", page.headers().firstValue("X-Frame-Options").orElseThrow());
        for (String path : List.of("/state.json", "/page.js", "/page.css")) {
            HttpResponse<String> other = request(console.page() + path, "GET", Map.of(), "");
            assertEquals(
                    "nosniff",
                    other.headers().firstValue("X-Content-Type-Options").orElseThrow());
        }
    }

    @Test
    void a_qr_code_is_shown_of_known_keys_only() throws Exception {
        String known = console.page() + "/qr.svg?peer=" + NURSE + "&method=x509&fingerprint=";
        HttpResponse<String> code = request(known + NURSES.fingerprint(), "GET", Map.of(), "");
        assertEquals(200, code.statusCode());
        assertContains(code.headers().firstValue("Content-Type").orElseThrow(), "image/svg+xml");
        assertEquals(
                404, request(known + JULIETS.fingerprint(), "GET", Map.of(), "").statusCode());
        assertEquals(400, request(known + "x", "GET", Map.of(), "").statusCode());
    }

    // ---- means

    private static String form(BareJid peer) {
        return "#xtls-keys form:has(input[value=\"" + peer + "\"])";
    }

    private static String text(String section) throws Exception {
        return browser.get("document.getElementById('xtls-" + section + "').innerText");
    }

    private static void assertContains(String text, String part) {
        assertTrue(text.contains(part), () -> "'" + part + "' is not in: " + text);
    }

    private void put(BareJid peer, KeyName key, KeyState state, String evidence) throws Exception {
        console.trust().put(peer, key, state, evidence).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private KnownKey held(BareJid peer, KeyName key) throws Exception {
        return console.trust()
                .peer(peer)
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS)
                .key(key)
                .orElseThrow();
    }

    private String uri() {
        try {
            return console.page();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Map<String, String> decision(BareJid peer, KeyName key, String state) {
        return new LinkedHashMap<>(Map.of(
                "peer", peer.toString(),
                "method", key.method(),
                "fingerprint", key.fingerprint(),
                "state", state,
                "to", "verified"));
    }

    private int decide(
            Map<String, String> headers,
            Map<String, String> body,
            UnaryOperator<Map<String, String>> otherHeaders,
            UnaryOperator<Map<String, String>> otherBody)
            throws Exception {
        return request(
                        console.page() + "/decide",
                        "POST",
                        otherHeaders.apply(new TreeMap<>(headers)),
                        form(otherBody.apply(new TreeMap<>(body))))
                .statusCode();
    }

    private static Map<String, String> with(Map<String, String> map, String key, String value) {
        assertNotEquals(value, map.put(key, value));
        return map;
    }

    private static Map<String, String> without(Map<String, String> map, String key) {
        assertNotEquals(null, map.remove(key));
        return map;
    }

    private static String form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    private static HttpResponse<String> request(String url, String method, Map<String, String> headers, String body)
            throws Exception {
        Map<String, String> all = new TreeMap<>(headers);
        all.put(
                "Authorization",
                "Basic "
                        + Base64.getEncoder()
                                .encodeToString(
                                        (Console.USER + ":" + Console.PASSWORD).getBytes(StandardCharsets.UTF_8)));
        return send(url, method, all, body);
    }

    private static int anonymous(String url, String body, Map<String, String> headers) throws Exception {
        return send(url, "POST", headers, body).statusCode();
    }

    private static HttpResponse<String> send(String url, String method, Map<String, String> headers, String body)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.ofString(body));
        headers.forEach(request::header);
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    // ---- what is shown

    private static RuntimeDTO verona() {
        RuntimeDTO dto = new RuntimeDTO();
        dto.changeCount = 42;
        dto.links = List.of("romeo@montague.net/orchard");
        dto.methods = List.of(method("x509", 100, 31), method("openpgp", 80, 32), method("srp-psk", 60, 33));
        dto.tunnels = List.of(
                juliets(),
                tunnel("rm8", "nurse@capulet.net/street", "responder", "open", "unverified", "first use", NURSES),
                negotiation());
        dto.policy = Map.of(
                "first-use", "ask",
                "require-confirmed-offers", "false",
                "rules", "*.montague.net: require verified; mantua.example: never srp-psk");
        dto.counts = new CountsDTO();
        dto.counts.handshakes = Map.of("x509", 17L, "srp-psk", 2L);
        dto.counts.failures = Map.of("UNTRUSTED", 3L, "TIMEOUT", 1L);
        dto.counts.closures = Map.of("CLOSED", 9L, "CLOSED_BY_PEER", 8L);
        dto.counts.bytesSent = 184_320;
        dto.counts.bytesReceived = 201_733;
        return dto;
    }

    private static MethodDTO method(String name, int preference, long service) {
        MethodDTO method = new MethodDTO();
        method.name = name;
        method.preference = preference;
        method.serviceId = service;
        method.bundle = "org.xtls.auth." + name.replace("-psk", "");
        method.version = "0.1.0.SNAPSHOT";
        return method;
    }

    private static TunnelDTO juliets() {
        TunnelDTO tunnel =
                tunnel("rm7", "juliet@capulet.net/balcony", "initiator", "open", "verified", "pinned", JULIETS);
        tunnel.offersConfirmed = true;
        tunnel.sent = 24;
        tunnel.acknowledged = 24;
        tunnel.received = 31;
        return tunnel;
    }

    private static TunnelDTO negotiation() {
        TunnelDTO tunnel = new TunnelDTO();
        tunnel.local = "romeo@montague.net/orchard";
        tunnel.peer = "benvolio@montague.net/piazza";
        tunnel.role = "initiator";
        tunnel.state = "negotiating";
        tunnel.method = "openpgp";
        return tunnel;
    }

    private static TunnelDTO tunnel(
            String id, String peer, String role, String state, String trust, String evidence, KeyName key) {
        TunnelDTO tunnel = new TunnelDTO();
        tunnel.id = id;
        tunnel.local = "romeo@montague.net/orchard";
        tunnel.peer = peer;
        tunnel.role = role;
        tunnel.state = state;
        tunnel.method = key.method();
        tunnel.tls = "TLSv1.3";
        tunnel.group = "X25519MLKEM768";
        tunnel.suite = "TLS_AES_128_GCM_SHA256";
        tunnel.trust = trust;
        tunnel.evidence = evidence;
        tunnel.fingerprint = key.fingerprint();
        tunnel.received = 3;
        return tunnel;
    }
}
