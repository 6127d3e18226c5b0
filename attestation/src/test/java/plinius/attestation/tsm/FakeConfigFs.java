package plinius.attestation.tsm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The kernel's side of configfs-tsm, as its documentation says it behaves. */
final class FakeConfigFs extends TsmEntries {
  final Set<String> open = new HashSet<>();
  int made;

  /** So many entries report more writes than ours. */
  int disturbed;

  /** So many reads of outblob fail as busy. */
  int busy;

  private final String provider;
  private final UnaryOperator<byte[]> report;
  private final byte[] auxiliary;
  private final Map<String, byte[]> inblobs = new HashMap<>();
  private final Set<String> disturbedEntries = new HashSet<>();

  FakeConfigFs(String provider, UnaryOperator<byte[]> report, byte[] auxiliary) {
    super(Path.of("no folder"));
    this.provider = provider;
    this.report = report;
    this.auxiliary = auxiliary;
  }

  @Override
  public void make(String entry) {
    made++;
    open.add(entry);
  }

  @Override
  public byte[] read(String entry, String attribute) throws IOException {
    requireOpen(entry);
    return switch (attribute) {
      case "provider" -> (provider + "\n").getBytes(StandardCharsets.US_ASCII);
      case "generation" ->
          (disturbedEntries.contains(entry) ? "2\n" : "1\n").getBytes(StandardCharsets.US_ASCII);
      case "outblob" -> {
        if (busy > 0) {
          busy--;
          throw new IOException("Device or resource busy");
        }
        if (disturbed > 0) {
          disturbed--;
          disturbedEntries.add(entry);
          yield report.apply(new byte[64]);
        }
        yield report.apply(inblobs.get(entry));
      }
      case "auxblob" -> auxiliary.clone();
      default -> throw new NoSuchFileException(attribute);
    };
  }

  @Override
  public void write(String entry, String attribute, byte[] value) throws IOException {
    requireOpen(entry);
    if (!attribute.equals("inblob") || value.length > 64) {
      throw new IOException("Invalid argument");
    }
    inblobs.put(entry, value.clone());
  }

  @Override
  public void remove(String entry) {
    open.remove(entry);
  }

  private void requireOpen(String entry) throws IOException {
    if (!open.contains(entry)) {
      throw new NoSuchFileException(entry);
    }
  }
}
