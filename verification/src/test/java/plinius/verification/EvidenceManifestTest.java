package plinius.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import plinius.verification.evidence.Refuted;

/**
 * Every piece of real evidence found in the directories of {@code -Dplinius.evidence}, as a test of
 * its own name: what {@code manifest.json} expects of it, at its date, at today's, damaged and cut
 * short.
 */
class EvidenceManifestTest {
  @TestFactory
  Stream<DynamicNode> evidence() {
    List<DynamicNode> nodes = new ArrayList<>();
    for (String each : System.getProperty("plinius.evidence", "").split(",", -1)) {
      Path directory = Path.of(each.strip());
      if (!each.isBlank() && Files.exists(directory.resolve("manifest.json"))) {
        nodes.add(DynamicContainer.dynamicContainer(each.strip(), entries(directory)));
      }
    }
    if (nodes.isEmpty()) {
      nodes.add(
          DynamicTest.dynamicTest(
              "no evidence found",
              () -> assumeTrue(false, "no manifest.json in -Dplinius.evidence")));
    }
    return nodes.stream();
  }

  private static Stream<DynamicNode> entries(Path directory) {
    List<ManifestEntry> entries = ManifestEntry.all(directory);
    assertThat(entries).as("entries of " + directory).isNotEmpty();
    return entries.stream()
        .map(entry -> DynamicContainer.dynamicContainer(entry.id(), tests(entry)));
  }

  private static Stream<DynamicNode> tests(ManifestEntry entry) {
    List<DynamicNode> tests = new ArrayList<>();
    tests.add(test(entry, "files are those that the manifest names", entry::requireDigests));
    for (Path file : entry.certificateFiles()) {
      String name = file.getFileName() + " chains to its maker's root or does not, as expected";
      tests.add(test(entry, name, () -> entry.requireChain(file)));
    }
    for (ManifestEntry.Item item : entry.items()) {
      String name = item.name() + " ";
      tests.add(test(entry, name + "gives what is expected", () -> item.requireExpected()));
      tests.add(
          test(entry, name + "is judged by today's date", () -> item.requireAt(Instant.now())));
      tests.add(
          test(
              entry,
              name + "fails long before and long after",
              () -> {
                item.requireRefusedAt(Instant.parse("2000-01-01T00:00:00Z"));
                item.requireRefusedAt(Instant.parse("2099-01-01T00:00:00Z"));
              }));
      if (item.isExpectedGenuine()) {
        tests.add(
            test(entry, name + "under foreign roots is refused", item::requireForeignRefused));
        tests.add(test(entry, name + "cut short is refused", item::requireTruncatedRefused));
        tests.add(test(entry, name + "with any bit flipped is refused", item::requireFlipsRefused));
        tests.add(test(entry, name + "bound to another nonce is refused", item::requireNonce));
        tests.add(
            test(
                entry,
                name + "is refused by default where it is unsafe",
                item::requireJudgedByDefault));
      }
    }
    return tests.stream();
  }

  private interface Body {
    void run() throws IOException, Refuted;
  }

  private static DynamicNode test(ManifestEntry entry, String name, Body body) {
    return DynamicTest.dynamicTest(entry.id() + ": " + name, body::run);
  }
}
