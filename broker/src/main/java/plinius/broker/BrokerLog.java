package plinius.broker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
import plinius.seal.KeyedDigest;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.verification.evidence.JsonFields;

/**
 * The broker's memory: a file of canonical JSON lines that only grows. Each line holds its number
 * and the MAC of the line before it, and a MAC over itself under a key derived from the owner's: so
 * a line that was changed, left out, added or moved is noticed. Lines cut from the end are not,
 * unless the log is anchored: a line "anchor" then holds what a counter of a TPM goes up to next. A
 * counter that is ahead of the last such line shows that the log was put back.
 *
 * <p>Each operation holds a lock on the directory, in this process and among processes, and first
 * reads what others appended: so several brokers may share the log. A line counts once it is on the
 * medium; what a crash left of one is cut off by the next operation, because nobody was told of it.
 */
final class BrokerLog {
  static final String FILE = "log.jsonl";
  private static final String LOCK_FILE = "lock";
  private static final String ANCHOR_FILE = "anchor";
  private static final String ANCHOR = "anchor";
  private static final String ADVANCE = "advance";

  /** Told of again and again, by runs: anchored now and then, for such memory wears out. */
  private static final Set<String> OFTEN = Set.of(ADVANCE, "refused");

  /** So many advances at most are lost unnoticed. */
  static final int ADVANCES_PER_ANCHOR = 32;

  private static final String FIRST_MAC = "0".repeat(64);
  private static final String DIRECTORY_MODE = "rwx------";
  private static final String FILE_MODE = "rw-------";
  private static final int LINE_BYTES_MAX = 64 * 1024;
  private static final Map<Path, ReentrantLock> IN_PROCESS = new ConcurrentHashMap<>();

  private final Path directory;
  private final Path file;
  private final Id128 ownerKeyId;
  private final SecretBytes key;
  private final Clock clock;
  private final Consumer<JsonFields> replay;
  private final ReentrantLock inProcess;

  private long verifiedBytes;
  private long lines;
  private String lastMac = FIRST_MAC;
  private boolean poisoned;
  private Optional<TpmCounter> anchor = Optional.empty();
  private boolean anchorChecked;
  private long anchored;
  private int advancesSince;

  /**
   * Opens the log in a directory, made if missing. Reads nothing yet: {@link #exclusively} does.
   *
   * @param ownerKeyId whose log this is; stands in its first line
   * @param key of the MACs; the caller closes it after the last use
   * @param replay is told each line once, in order, whoever appended it
   */
  BrokerLog(
      Path directory, Id128 ownerKeyId, SecretBytes key, Clock clock, Consumer<JsonFields> replay) {
    this.ownerKeyId = ownerKeyId;
    this.key = key;
    this.clock = clock;
    this.replay = replay;
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(DIRECTORY_MODE)));
      }
      this.directory = directory.toRealPath();
      Path address = this.directory.resolve(ANCHOR_FILE);
      if (Files.exists(address)) {
        anchor = Optional.of(TpmCounter.at(Files.readString(address).strip(), key));
      }
    } catch (IOException e) {
      throw unusable("open", directory, e);
    }
    this.file = this.directory.resolve(FILE);
    this.inProcess = IN_PROCESS.computeIfAbsent(this.directory, _ -> new ReentrantLock());
  }

  Path directory() {
    return directory;
  }

  /**
   * Anchors the log of a state directory from its next use on; stays in force for all who use it.
   *
   * @param address as {@link TpmCounter#at} takes it
   */
  static void anchorAt(Path directory, String address) {
    try (SecretBytes any = SecretBytes.random(KeyedDigest.BYTES)) {
      TpmCounter.at(address, any);
      Path file = directory.resolve(ANCHOR_FILE);
      boolean same = Files.exists(file) && Files.readString(file).strip().equals(address);
      if (same) {
        return;
      }
      // Until the log says that it is anchored, another index may be named: see checkAnchor.
      if (Files.exists(file) && saysAnchored(directory.resolve(FILE))) {
        throw new BrokerException.StateUnusable(
            "the log in "
                + directory
                + " is anchored at "
                + Files.readString(file).strip()
                + " already: leave the anchor out, or name that one");
      }
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(DIRECTORY_MODE)));
      replace(file, address + "\n");
    } catch (IOException e) {
      throw unusable("anchor", directory, e);
    }
  }

  // No MAC is looked at: if somebody changed this, the counter at the other index tells.
  private static boolean saysAnchored(Path log) throws IOException {
    if (!Files.exists(log)) {
      return false;
    }
    try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
      return lines.anyMatch(line -> line.contains("\"event\":\"" + ANCHOR + "\""));
    }
  }

  /** The old file or the new one, whenever the machine stops. */
  private static void replace(Path file, String text) throws IOException {
    Path fresh = Files.createTempFile(file.getParent(), "new", "");
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(utf8(text)));
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    force(file.getParent());
  }

  /** Runs the body while nobody else uses the directory, after reading what others appended. */
  <T> T exclusively(Supplier<T> body) {
    inProcess.lock();
    // Opened anew each time: closing any channel on a file ends this process's locks on it.
    try (FileChannel lock = open(directory.resolve(LOCK_FILE));
        var held = lock.lock()) {
      assert held.isValid();
      requireSound();
      catchUp();
      checkAnchor();
      return body.get();
    } catch (IOException e) {
      throw unusable("use", directory, e);
    } finally {
      inProcess.unlock();
    }
  }

  /** The lines that count, as they stand in the file. */
  List<String> text() {
    return exclusively(
        () -> {
          if (verifiedBytes == 0) {
            return List.of();
          }
          try (FileChannel channel = open(file)) {
            byte[] bytes = readFrom(channel, 0, verifiedBytes);
            return new String(bytes, StandardCharsets.UTF_8).lines().toList();
          } catch (IOException e) {
            throw unusable("read", file, e);
          }
        });
  }

  /** Appends one line durably, and replays it. Only inside {@link #exclusively}. */
  void append(String event, Map<String, Object> members) {
    if (!inProcess.isHeldByCurrentThread()) {
      throw new IllegalStateException("append without the lock");
    }
    requireSound();
    appendLine(event, members);
    if (anchor.isPresent() && (!OFTEN.contains(event) || advancesSince >= ADVANCES_PER_ANCHOR)) {
      anchorNow(anchor.get());
    }
  }

  /** First the line, then the counter: a crash in between is told from a log that was put back. */
  private void anchorNow(TpmCounter counter) {
    anchorChecked = false; // Looked at again, should this fail half way.
    if (anchored == 0) {
      appendLine(ANCHOR, Map.of("counter", counter.create(), "tpm", counter.toString()));
    } else {
      appendLine(ANCHOR, Map.of("counter", anchored + 1, "tpm", counter.toString()));
      requireCounter(counter, counter.increment());
    }
    anchorChecked = true;
  }

  private void checkAnchor() {
    if (anchor.isEmpty() && anchored > 0) {
      // Also when another process anchored it while this one was running.
      throw new BrokerException.StateUnusable(
          "the broker's log "
              + file
              + " is anchored, and this process began without the file "
              + directory.resolve(ANCHOR_FILE)
              + " that names its TPM: start again, with --anchor as before if the file is gone");
    }
    if (anchorChecked) {
      return;
    }
    if (anchor.isPresent()) {
      TpmCounter counter = anchor.get();
      Optional<Long> value = counter.read();
      if (anchored == 0) {
        if (value.isPresent()) {
          throw new BrokerException.LogTampered(
              file,
              lines,
              "is its last, but the counter "
                  + counter
                  + " shows that it went on (or its making was interrupted: then name another"
                  + " index)");
        }
      } else if (value.isPresent() && value.get() == anchored - 1) {
        requireCounter(counter, counter.increment()); // A crash between the line and the counter.
      } else {
        requireCounter(counter, value.orElse(-1L));
      }
    }
    anchorChecked = true;
  }

  private void requireCounter(TpmCounter counter, long value) {
    if (value != anchored) {
      throw new BrokerException.LogTampered(
          file,
          lines,
          "is its last and says "
              + anchored
              + ", but the counter "
              + counter
              + (value < 0 ? " is gone" : " says " + value)
              + (value > anchored ? ": an older log was put back" : ""));
    }
  }

  private void appendLine(String event, Map<String, Object> members) {
    Map<String, Object> line = new TreeMap<>(members);
    line.put("index", lines);
    line.put("at", clock.instant().toString());
    line.put("event", event);
    line.put("prev", lastMac);
    line.put("mac", mac(line));
    byte[] bytes = (Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8);
    if (bytes.length > LINE_BYTES_MAX) {
      throw new IllegalArgumentException("a log line of " + bytes.length + " bytes");
    }
    // Until the line is known to be on the medium, nobody may build on what this object thinks.
    poisoned = true;
    try (FileChannel channel = open(file)) {
      channel.position(verifiedBytes);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
      if (lines == 0) {
        force(directory);
      }
    } catch (IOException e) {
      throw unusable("append to", file, e);
    }
    poisoned = false;
    take(bytes, bytes.length - 1);
  }

  private void catchUp() throws IOException {
    if (!Files.exists(file)) {
      if (verifiedBytes > 0) {
        throw new BrokerException.LogTampered(file, lines, "and all before it are gone");
      }
      return;
    }
    try (FileChannel channel = open(file)) {
      long bytes = channel.size();
      if (bytes < verifiedBytes) {
        throw new BrokerException.LogTampered(file, lines, "was cut off while in use");
      }
      takeLines(readFrom(channel, verifiedBytes, bytes));
      if (verifiedBytes < bytes) {
        channel.truncate(verifiedBytes);
        channel.force(true);
      }
    }
  }

  private void takeLines(byte[] bytes) {
    int start = 0;
    while (start < bytes.length) {
      int end = start;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      if (end == bytes.length || isTornLast(bytes, start, end)) {
        return; // A crash tore the last line: the caller cuts it off.
      }
      byte[] line = Arrays.copyOfRange(bytes, start, end + 1);
      take(line, end - start);
      start = end + 1;
    }
  }

  // A line may cross a page, and the page with its end reach the medium without the one before.
  private static boolean isTornLast(byte[] bytes, int start, int end) {
    if (end != bytes.length - 1) {
      return false;
    }
    for (int i = start; i < end; i++) {
      if (bytes[i] == 0) {
        return true;
      }
    }
    return false;
  }

  // Checks one line against the chain, then counts it. The bytes hold the line's end as well.
  private void take(byte[] bytes, int textBytes) {
    long number = lines + 1;
    String text = new String(bytes, 0, textBytes, StandardCharsets.UTF_8);
    Map<String, Object> members = parse(number, text);
    JsonFields fields = new JsonFields("line " + number, members);
    try {
      if (!fields.string("prev").equals(lastMac) || fields.number("index") != lines) {
        throw new BrokerException.LogTampered(file, number, "does not follow the line before it");
      }
      String mac = fields.string("mac");
      members.remove("mac");
      if (!MessageDigest.isEqual(utf8(mac), utf8(mac(members)))) {
        requireOwner(fields);
        throw new BrokerException.LogTampered(file, number, "does not have its own MAC");
      }
      if (fields.string("event").equals(ANCHOR)) {
        anchored = fields.number("counter");
        advancesSince = 0;
      } else {
        advancesSince += fields.string("event").equals(ADVANCE) ? 1 : 0;
        replay.accept(fields);
      }
      lastMac = mac;
    } catch (AttestationException.BadMessage | IllegalArgumentException e) {
      throw new BrokerException.LogTampered(
          file, number, "cannot be understood (" + e.getMessage() + ")");
    }
    lines++;
    verifiedBytes += bytes.length;
  }

  // Another owner's log is no attack: say so.
  private void requireOwner(JsonFields fields) {
    String text = lines == 0 ? fields.optionalString("ownerKeyId").orElse("") : "";
    if (!text.isEmpty() && !text.equals(ownerKeyId.toString())) {
      throw new BrokerException.WrongOwner(
          "the broker's log "
              + file
              + " belongs to the owner's key "
              + text
              + ", not to "
              + ownerKeyId
              + ". Use that key, or another state directory");
    }
  }

  private Map<String, Object> parse(long number, String text) {
    try {
      if (Json.parse(text) instanceof Map<?, ?> map) {
        Map<String, Object> members = new TreeMap<>();
        map.forEach((name, value) -> members.put((String) name, value));
        if (Json.write(members).equals(text)) {
          return members;
        }
      }
    } catch (RuntimeException e) {
      throw new BrokerException.LogTampered(file, number, "is not JSON (" + e.getMessage() + ")");
    }
    throw new BrokerException.LogTampered(file, number, "is not in canonical form");
  }

  private String mac(Map<String, Object> members) {
    try (KeyedDigest digest = new KeyedDigest(key)) {
      return HexFormat.of().formatHex(digest.update(utf8(Json.write(members))).finish());
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void requireSound() {
    if (poisoned) {
      throw new BrokerException.StateUnusable(
          "the broker's log "
              + file
              + " could not be written before: what is on the medium is unknown. Start again");
    }
  }

  private static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static byte[] readFrom(FileChannel channel, long from, long to) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(LINE_BYTES_MAX);
    long at = from;
    while (at < to) {
      buffer.clear();
      int read = channel.read(buffer, at);
      if (read < 0) {
        break;
      }
      bytes.write(buffer.array(), 0, read);
      at += read;
    }
    return bytes.toByteArray();
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(FILE_MODE)));
  }

  private static BrokerException unusable(String what, Path path, IOException cause) {
    return new BrokerException.StateUnusable(
        "cannot "
            + what
            + " the broker's state "
            + path
            + ": "
            + cause
            + ". Check permissions and free space",
        cause);
  }
}
