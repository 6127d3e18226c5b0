package plinius.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.testkit.Seeded;

class OwnerKeyTest {
  private static final HexFormat HEX = HexFormat.of();

  private static char[] notAsked() {
    throw new AssertionError("asked for a passphrase");
  }

  /** Written by Python's hashlib and cryptography, over the key 000102...1f. */
  private static final String GOLDEN_SEALED =
      """
      plinius-owner-key 1
      id b640c44dc05a0c1d52d39e76bb157d47
      kind passphrase
      kdf PBKDF2-HMAC-SHA512
      iterations 100000
      salt 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
      sealed 1d6b02fe8975d4911b182fb34256fdfac2284869c7d3abc2309fcbe75ce7533ae7ca0b74fff757975b356bbcdbdd163f
      """;

  private static final String GOLDEN_RAW =
      """
      plinius-owner-key 1
      id b640c44dc05a0c1d52d39e76bb157d47
      kind raw
      key 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
      """;

  @TempDir Path folder;

  @Test
  void printing_names_the_key_and_nothing_of_it() {
    try (OwnerKey owner = golden()) {
      assertThat(owner.toString()).isEqualTo("OwnerKey[b640c44dc05a0c1d52d39e76bb157d47]");
    }
  }

  @Test
  void every_derived_key_is_the_one_that_python_computes() {
    Id128 id = Id128.of(HEX.parseHex("000102030405060708090a0b0c0d0e0f"));
    try (OwnerKey owner = golden()) {
      assertThat(owner.id()).hasToString("b640c44dc05a0c1d52d39e76bb157d47");
      assertKey(
          owner.jobKey(id), "64ec87d8c80fab81856e411688c1f353d7a88ae823064e4cd5a91efc34670d56");
      assertKey(
          owner.recordKey(id), "eb06ec340958f0bc5cce25a5088edc7af0e78afce09ff4cc8e08bbde9687766d");
      assertKey(
          owner.manifestKey(id),
          "7dec844b62cb232209923b355660ac6f8f36509d44de477cac39457e44454269");
      assertKey(
          owner.digestKey(1), "a2e6bef8f2ca735873a9297bca4a87640277d51e11170490afbb9aef9309a9f5");
      assertKey(
          owner.orderKey(1), "fedfa2f60ef29457e01d200e23ffc58ff1676c7b8672e114efc8990452085b96");
      assertKey(
          owner.brokerLogKey(), "fb032b4eb0f451ab152a6e5f298f7c5ae675a4ef595653db5ae722d313df5ef7");
    }
  }

  private static void assertKey(SecretBytes key, String expected) {
    try (key) {
      assertThat(HEX.formatHex(key.copy())).isEqualTo(expected);
    }
  }

  @Test
  void the_golden_files_open() throws IOException {
    try (OwnerKey raw = OwnerKey.load(file(GOLDEN_RAW), OwnerKeyTest::notAsked);
        OwnerKey sealed = OwnerKey.load(file(GOLDEN_SEALED), "pass wörd"::toCharArray)) {
      assertThat(raw.id()).isEqualTo(golden().id());
      assertThat(sealed.id()).isEqualTo(golden().id());
    }
  }

  @Test
  void a_raw_file_is_written_to_the_byte_and_only_for_its_owner() throws IOException {
    Path file = folder.resolve("owner.key");

    golden().save(file, Optional.empty());

    assertThat(Files.readString(file)).isEqualTo(GOLDEN_RAW);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void a_sealed_file_opens_with_its_passphrase_only_and_wipes_it() throws IOException {
    Path file = folder.resolve("owner.key");
    char[] given = "correct horse".toCharArray();
    try (OwnerKey owner = OwnerKey.generate()) {
      owner.save(file, Optional.of("correct horse".toCharArray()));

      try (OwnerKey loaded = OwnerKey.load(file, () -> given)) {
        assertThat(loaded.id()).isEqualTo(owner.id());
      }
      assertThat(given).containsOnly('\0');
      assertThat(Files.readString(file)).contains("iterations 600000");
      assertThatThrownBy(() -> OwnerKey.load(file, "wrong horse"::toCharArray))
          .isInstanceOf(KeyFileException.WrongPassphrase.class)
          .hasMessageContaining("owner.key")
          .hasMessageContaining("wrong passphrase");
    }
  }

  @Test
  void two_saves_with_one_passphrase_share_no_salt() throws IOException {
    Path a = folder.resolve("a.key");
    Path b = folder.resolve("b.key");
    golden().save(a, Optional.of(new char[] {'x'}), OwnerKey.ITERATIONS_MIN);
    golden().save(b, Optional.of(new char[] {'x'}), OwnerKey.ITERATIONS_MIN);
    assertThat(Files.readAllLines(a).get(5)).isNotEqualTo(Files.readAllLines(b).get(5));
    assertThat(Files.readAllLines(a).get(6)).isNotEqualTo(Files.readAllLines(b).get(6));
  }

  @Test
  void an_existing_file_is_never_overwritten() throws IOException {
    Path file = folder.resolve("owner.key");
    Files.writeString(file, "precious");
    assertThatThrownBy(() -> golden().save(file, Optional.empty()))
        .isInstanceOf(KeyFileException.Exists.class)
        .hasMessageContaining("never overwritten");
    assertThat(Files.readString(file)).isEqualTo("precious");
  }

  @Test
  void a_dangling_link_is_not_followed_to_write_elsewhere() throws IOException {
    Path file = folder.resolve("owner.key");
    Files.createSymbolicLink(file, folder.resolve("elsewhere"));
    assertThatThrownBy(() -> golden().save(file, Optional.empty()))
        .isInstanceOf(KeyFileException.Exists.class);
    assertThat(folder.resolve("elsewhere")).doesNotExist();
  }

  @Test
  void a_missing_folder_is_said() {
    assertThatThrownBy(() -> golden().save(folder.resolve("no/owner.key"), Optional.empty()))
        .isInstanceOf(KeyFileException.Unusable.class)
        .hasMessageContaining("no/owner.key");
  }

  @Test
  void an_empty_passphrase_is_refused() {
    Path file = folder.resolve("owner.key");
    assertThatThrownBy(() -> golden().save(file, Optional.of(new char[0])))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(file).doesNotExist();
  }

  @Test
  void a_raw_file_that_others_can_read_is_refused_with_the_remedy() throws IOException {
    Path file = file(GOLDEN_RAW);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> OwnerKey.load(file, OwnerKeyTest::notAsked))
        .isInstanceOf(KeyFileException.Bad.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void a_missing_file_and_a_folder_are_said() {
    assertThatThrownBy(() -> OwnerKey.load(folder.resolve("none.key"), OwnerKeyTest::notAsked))
        .isInstanceOf(KeyFileException.Bad.class)
        .hasMessageContaining("plinius key new");
    assertThatThrownBy(() -> OwnerKey.load(folder, OwnerKeyTest::notAsked))
        .isInstanceOf(KeyFileException.Bad.class)
        .hasMessageContaining("ordinary file");
  }

  @Test
  void each_defect_is_refused_for_its_own_reason() {
    assertBad(GOLDEN_RAW.replace("key 1\n", "key 2\n"), "version");
    assertBad("-----BEGIN PRIVATE KEY-----\n", "does not start with");
    assertBad("", "does not start with");
    assertBad(GOLDEN_RAW.replace("kind raw", "kind rau"), "kind");
    assertBad(GOLDEN_RAW.replace("id b6", "id a6"), "id a640c4");
    assertBad(GOLDEN_RAW.replace("key 00", "key 01"), "is not the one that its id");
    assertBad(GOLDEN_RAW.replace("0b0c", "0B0c"), "line 4");
    assertBad(GOLDEN_RAW + "key 00\n", "end of the file");
    assertBad(GOLDEN_RAW.strip(), "inside a line");
    assertBad(GOLDEN_RAW.replace("\n", "\r\n"), "plain text");
    assertBad(GOLDEN_RAW + "#".repeat(OwnerKey.FILE_BYTES_MAX), "more than");
    assertBad(GOLDEN_SEALED.replace("iterations 100000", "iterations 99999"), "iterations from");
    assertBad(
        GOLDEN_SEALED.replace("iterations 100000", "iterations 999999999"), "iterations from");
    assertBad(GOLDEN_SEALED.replace("iterations 100000", "iterations 9999999999"), "line 5");
    assertBad(GOLDEN_SEALED.replace("SHA512", "SHA256"), "kdf");
    assertBad(GOLDEN_SEALED.replace("salt 20", "salt "), "line 6");
  }

  private void assertBad(String text, String reason) {
    assertThatThrownBy(() -> OwnerKey.load(file(text), OwnerKeyTest::notAsked))
        .isInstanceOf(KeyFileException.Bad.class)
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("000102030405");
  }

  @Test
  void the_sealed_head_is_bound_by_the_tag() {
    for (String altered :
        new String[] {
          GOLDEN_SEALED.replace("id b6", "id b7"),
          GOLDEN_SEALED.replace("iterations 100000", "iterations 100001"),
          GOLDEN_SEALED.replace("salt 20", "salt 21"),
          GOLDEN_SEALED.replace("sealed 1d", "sealed 1c")
        }) {
      assertThatThrownBy(() -> OwnerKey.load(file(altered), "pass wörd"::toCharArray))
          .isInstanceOf(KeyFileException.WrongPassphrase.class);
    }
  }

  @Test
  void every_flipped_bit_of_a_raw_file_is_refused() {
    byte[] good = GOLDEN_RAW.getBytes(StandardCharsets.US_ASCII);
    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> OwnerKey.parse(folder.resolve("k"), bad, OwnerKeyTest::notAsked))
          .as("bit %s", bit)
          .isInstanceOf(KeyFileException.Bad.class);
    }
  }

  @Test
  void no_garbage_crashes_the_parser() {
    Seeded seeded = Seeded.fresh();
    byte[] good = GOLDEN_RAW.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 20_000; i++) {
      byte[] bad = Arrays.copyOf(good, seeded.random().nextInt(good.length + 20));
      for (int change = seeded.random().nextInt(4); change >= 0 && bad.length > 0; change--) {
        bad[seeded.random().nextInt(bad.length)] = (byte) seeded.random().nextInt(256);
      }
      try {
        OwnerKey.parse(folder.resolve("k"), bad, () -> new char[] {'x'}).close();
      } catch (KeyFileException expected) {
        assertThat(expected).as("%s", seeded).isInstanceOf(KeyFileException.Bad.class);
      }
    }
  }

  private static OwnerKey golden() {
    byte[] master = new byte[32];
    for (int i = 0; i < master.length; i++) {
      master[i] = (byte) i;
    }
    return OwnerKey.of(master);
  }

  private Path file(String text) throws IOException {
    Path file = Files.createTempFile(folder, "owner", ".key"); // 0600
    return Files.writeString(file, text);
  }
}
