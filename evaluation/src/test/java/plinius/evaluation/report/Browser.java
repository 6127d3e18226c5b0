package plinius.evaluation.report;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import plinius.evaluation.Laboratory;

/**
 * Headless Chromium, driven over the DevTools protocol: what it fetches and complains of is kept.
 */
final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SECONDS_MAX = 60;

  private final Process process;
  private final Path profile;
  private final WebSocket socket;
  private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
  private final List<JsonNode> events = new ArrayList<>();
  private String session = "";
  private int commands;

  private Browser(Process process, Path profile, URI devTools) {
    this.process = process;
    this.profile = profile;
    this.socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(devTools, new Inbox()).join();
  }

  /** The browser of this machine; without one the test is skipped by name. */
  static Browser start() throws IOException {
    Optional<Path> found =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .flatMap(
                folder ->
                    Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), "no Chromium on the path (Debian: apt install chromium)");
    Path profile = Files.createTempDirectory("plinius-browser-");
    Process process =
        new ProcessBuilder(
                found.get().toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    BufferedReader said = process.inputReader();
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith("DevTools listening on ")) {
        Thread.ofVirtual().start(() -> said.lines().forEach(ignored -> {}));
        Browser browser = new Browser(process, profile, URI.create(line.substring(22)));
        browser.attach();
        return browser;
      }
    }
    throw new IOException("the browser ended without a word of DevTools");
  }

  private void attach() {
    String target =
        command("Target.createTarget", JSON.createObjectNode().put("url", "about:blank"))
            .get("targetId")
            .asText();
    session =
        command(
                "Target.attachToTarget",
                JSON.createObjectNode().put("targetId", target).put("flatten", true))
            .get("sessionId")
            .asText();
    for (String domain : List.of("Runtime", "Log", "Network", "Page")) {
      command(domain + ".enable", JSON.createObjectNode());
    }
  }

  /** Opens a page of a given width and waits until it is loaded. */
  void open(URI page, int width) {
    events.clear();
    command(
        "Emulation.setDeviceMetricsOverride",
        JSON.createObjectNode()
            .put("width", width)
            .put("height", 900)
            .put("deviceScaleFactor", 1)
            .put("mobile", width < 600));
    command("Page.navigate", JSON.createObjectNode().put("url", page.toString()));
    while (events("Page.loadEventFired").isEmpty()) {
      events.add(next());
    }
  }

  /** Shows the page as it is printed, or as on a screen again. */
  void print(boolean printed) {
    command(
        "Emulation.setEmulatedMedia", JSON.createObjectNode().put("media", printed ? "print" : ""));
  }

  /** The value of an expression in the page. */
  JsonNode evaluate(String expression) {
    return command(
            "Runtime.evaluate",
            JSON.createObjectNode().put("expression", expression).put("returnByValue", true))
        .path("result")
        .path("value");
  }

  /** A picture of the whole page. */
  byte[] picture() {
    return Base64.getDecoder()
        .decode(
            command(
                    "Page.captureScreenshot",
                    JSON.createObjectNode().put("captureBeyondViewport", true))
                .get("data")
                .asText());
  }

  /** What happened of a kind since the page was opened. */
  List<JsonNode> events(String method) {
    return events.stream()
        .filter(event -> event.path("method").asText().equals(method))
        .map(event -> event.get("params"))
        .toList();
  }

  private JsonNode command(String method, ObjectNode parameters) {
    commands++;
    ObjectNode message = JSON.createObjectNode().put("id", commands).put("method", method);
    message.set("params", parameters);
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    socket.sendText(message.toString(), true).join();
    while (true) {
      JsonNode answer = next();
      if (answer.path("id").asInt() == commands) {
        if (answer.has("error")) {
          throw new IllegalStateException(method + ": " + answer.get("error"));
        }
        return answer.get("result");
      }
      events.add(answer);
    }
  }

  private JsonNode next() {
    try {
      JsonNode message = messages.poll(SECONDS_MAX, TimeUnit.SECONDS);
      if (message == null) {
        throw new IllegalStateException("the browser says nothing for " + SECONDS_MAX + " s");
      }
      return message;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private final class Inbox implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        try {
          messages.add(JSON.readTree(text.toString()));
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
        text.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Laboratory.remove(profile);
  }
}
