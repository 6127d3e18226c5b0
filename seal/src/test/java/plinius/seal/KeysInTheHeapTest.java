package plinius.seal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dumps this process's heap, also what nobody refers to any more, and looks for keys. */
class KeysInTheHeapTest {
  private static final byte[] AAD = new byte[16];

  @TempDir Path folder;

  @Test
  void a_closed_key_is_nowhere_in_the_heap() throws IOException {
    try (SecretBytes key = SecretBytes.random(32)) {
      byte[] masked = masked(key);
      byte[] derived = useAll(key);

      Path dump = dump("closed");
      assertThat(holds(dump, masked)).as("the key itself").isFalse();
      assertThat(holds(dump, derived)).as("a key derived from it").isFalse();
    }
  }

  @Test
  void a_key_that_the_jdk_holds_is_found() throws IOException {
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key)) {
      byte[] masked = masked(key);
      sealer.seal(new byte[64], 0, 64, AAD, new byte[64 + Sealer.OVERHEAD], 0);

      assertThat(holds(dump("open"), masked)).isTrue();
    }
  }

  /** Every use that the enclave makes of a key; returns a derived one, masked. */
  private static byte[] useAll(SecretBytes key) {
    byte[] out = new byte[64 + Sealer.OVERHEAD];
    try (Sealer sealer = new Sealer(key);
        Sealer fork = sealer.fork();
        Unsealer unsealer = new Unsealer(key)) {
      sealer.seal(new byte[64], 0, 64, AAD, out, 0);
      unsealer.unseal(out, 0, out.length, AAD, new byte[64], 0);
      fork.seal(new byte[64], 0, 64, AAD, out, 0);
    }
    byte[] record = new byte[64 + RecordSealer.OVERHEAD];
    try (SecretBytes recordKey = KeyDerivation.derive(key, new byte[0], "plinius/test");
        RecordSealer sealer = new RecordSealer(recordKey);
        Unsealer unsealer = new Unsealer(recordKey);
        KeyedDigest digest = new KeyedDigest(recordKey)) {
      sealer.seal(0, new byte[64], 0, 64, AAD, record, 0);
      unsealer.unseal(0, record, 0, record.length, AAD, new byte[64], 0);
      digest.update(AAD).finish();
      return masked(recordKey);
    }
  }

  /** So that what is looked for is not itself in the heap. */
  private static byte[] masked(SecretBytes key) {
    byte[] bytes = key.copy();
    byte[] masked = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      masked[i] = (byte) (bytes[i] ^ 0x5a);
    }
    Arrays.fill(bytes, (byte) 0);
    return masked;
  }

  private Path dump(String name) throws IOException {
    Path file = folder.resolve(name + ".hprof");
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpHeap(file.toString(), false);
    return file;
  }

  /** Half a key counts: expanded keys may lie in two pieces. */
  private static boolean holds(Path file, byte[] masked) throws IOException {
    byte[] all = Files.readAllBytes(file);
    for (int at = 0; at + 16 <= all.length; at++) {
      int same = 0;
      while (same < 16 && (byte) (all[at + same] ^ 0x5a) == masked[same]) {
        same++;
      }
      if (same == 16) {
        return true;
      }
    }
    return false;
  }
}
