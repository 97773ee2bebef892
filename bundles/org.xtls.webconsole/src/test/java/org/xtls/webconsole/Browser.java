package org.xtls.webconsole;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A headless Chromium, by the WebDriver protocol of its chromedriver (W3C WebDriver). */
final class Browser implements AutoCloseable {
    private static final int BOUND_SECONDS = 60;
    private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");
    private static final Pattern STRING = Pattern.compile("\\{\"value\":\"((?:[^\"\\\\]++|\\\\.)*+)\"\\}");

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process driver;
    private String session;

    /**
     * Starts.
     *
     * @param profile an empty directory
     */
    Browser(Path profile) throws Exception {
        String chromium = program("chromium");
        driver = new ProcessBuilder(program("chromedriver"), "--port=0")
                .redirectErrorStream(true)
                .start();
        try {
            String port = port();
            session = "http://127.0.0.1:" + port + "/session/"
                    + find(
                            "\"sessionId\":\"([^\"]+)\"",
                            call("POST", "http://127.0.0.1:" + port + "/session", """
                            {"capabilities": {"alwaysMatch": {"browserName": "chrome", "timeouts": {"script": %d},
                             "goog:chromeOptions": {"binary": "%s", "args": [%s]}}}}
                            """.formatted(
                                            BOUND_SECONDS * 1000, chromium, arguments(profile))));
        } catch (Exception | Error e) {
            close();
            throw e;
        }
    }

    private static String arguments(Path profile) {
        return Stream.of(
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--window-size=1280,1760",
                        "--user-data-dir=" + profile)
                .map(argument -> '"' + argument + '"')
                .collect(Collectors.joining(","));
    }

    private static String program(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst()
                .orElseThrow(
                        () -> new AssertionError(
                                "There is no '" + name
                                        + "' on the PATH, and this test drives a real browser. Do: sudo apt-get install chromium chromium-driver"));
    }

    private String port() throws Exception {
        CompletableFuture<String> port = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader output = driver.inputReader(StandardCharsets.UTF_8)) {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                    Matcher started = STARTED.matcher(line);
                    if (started.find()) {
                        port.complete(started.group(1));
                    }
                }
            } catch (IOException e) {
                port.completeExceptionally(e);
            }
            port.completeExceptionally(new AssertionError("chromedriver ended"));
        });
        reader.setDaemon(true);
        reader.start();
        return port.get(BOUND_SECONDS, TimeUnit.SECONDS);
    }

    void open(String url) throws Exception {
        call("POST", session + "/url", Json.of(Map.of("url", url)));
    }

    void click(String css) throws Exception {
        String element = call("POST", session + "/element", Json.of(Map.of("using", "css selector", "value", css)));
        call("POST", session + "/element/" + find(":\"(f\\.[^\"]+|[^\"]+)\"\\}\\}", element) + "/click", "{}");
    }

    /** The value of an expression, as a string. */
    String get(String expression) throws Exception {
        return string(call("POST", session + "/execute/sync", script("return String(" + expression + ");")));
    }

    /** The result of a script that calls {@code done}. */
    String async(String script) throws Exception {
        return string(call("POST", session + "/execute/async", script("const done = arguments[0];" + script)));
    }

    /** Waits until a condition holds in the page, which is looked at with every change of it and after every other load. */
    void await(String condition) throws Exception {
        String script = script("const done = arguments[0];" + """
                const holds = () => { try { return %s; } catch (e) { return false; } };
                if (holds()) {
                    done('yes');
                } else {
                    const late = setTimeout(() => done('not within the bound: ' + document.body.innerText), %d);
                    const observer = new MutationObserver(() => {
                        if (holds()) {
                            observer.disconnect();
                            clearTimeout(late);
                            done('yes');
                        }
                    });
                    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
                }
                """.formatted(condition, BOUND_SECONDS * 500));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
        HttpResponse<String> response;
        do {
            response = send("POST", session + "/execute/async", script);
            // A script ends with its page when another is loaded.
        } while (response.statusCode() != 200 && System.nanoTime() < end);
        assertEquals(200, response.statusCode(), response.body());
        assertEquals("yes", string(response.body()), condition);
    }

    byte[] screenshot() throws Exception {
        return Base64.getDecoder().decode(string(call("GET", session + "/screenshot", null)));
    }

    private static String script(String text) {
        String args = Json.of(Map.of("script", text));
        return args.substring(0, args.length() - 1) + ",\"args\":[]}";
    }

    private String call(String method, String url, String body) throws Exception {
        HttpResponse<String> response = send(method, url, body);
        assertEquals(200, response.statusCode(), response.body());
        return response.body();
    }

    private HttpResponse<String> send(String method, String url, String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(url))
                        .timeout(Duration.ofSeconds(2 * BOUND_SECONDS))
                        .method(
                                method,
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String find(String pattern, String text) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        if (!found.find()) {
            throw new AssertionError(text);
        }
        return found.group(1);
    }

    private static String string(String response) {
        Matcher string = STRING.matcher(response);
        if (!string.matches()) {
            throw new AssertionError("no string: " + response);
        }
        return Pattern.compile("\\\\(u([0-9a-fA-F]{4})|.)", Pattern.DOTALL)
                .matcher(string.group(1))
                .replaceAll(escape -> Matcher.quoteReplacement(
                        escape.group(2) != null
                                ? String.valueOf((char) Integer.parseInt(escape.group(2), 16))
                                : switch (escape.group(1)) {
                                    case "n" -> "\n";
                                    case "t" -> "\t";
                                    case "r" -> "\r";
                                    case "b" -> "\b";
                                    case "f" -> "\f";
                                    default -> escape.group(1);
                                }));
    }

    @Override
    public void close() throws Exception {
        try {
            if (session != null) {
                call("DELETE", session, null);
            }
        } finally {
            List<ProcessHandle> children = driver.descendants().toList();
            driver.destroy();
            children.forEach(ProcessHandle::destroyForcibly);
            driver.waitFor(BOUND_SECONDS, TimeUnit.SECONDS);
        }
    }
}
