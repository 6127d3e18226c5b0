package plinius.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import plinius.testkit.Seeded;

class SealerTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] NO_AAD = new byte[0];
  private static final byte[] AAD = {1, 2, 3};

  /** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: nonce 0 is our first. */
  @Test
  void gcm_test_cases_1_2_13_14_come_out_of_the_first_call() {
    assertFirst(16, 0, "58e2fccefa7e3061367f1d57a4e7455a");
    assertFirst(16, 16, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
    assertFirst(32, 0, "530f8afbc74536b9a963b4f1c4cb738b");
    assertFirst(32, 16, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  }

  private static void assertFirst(int keyBytes, int plainBytes, String expected) {
    try (SecretBytes key = SecretBytes.copyOf(new byte[keyBytes]);
        Sealer sealer = new Sealer(key)) {
      byte[] sealed = seal(sealer, new byte[plainBytes], NO_AAD);
      assertThat(HEX.formatHex(sealed)).isEqualTo("00".repeat(12) + expected);
    }
  }

  @Test
  void gcm_test_case_16_with_associated_data() {
    byte[] plain =
        HEX.parseHex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    byte[] out = new byte[plain.length + 16];

    new AesGcm(SecretBytes.copyOf(HEX.parseHex("feffe9928665731c6d6a8f9467308308".repeat(2))))
        .encrypt(
            HEX.parseHex("cafebabefacedbaddecaf888"),
            plain,
            0,
            plain.length,
            HEX.parseHex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
            out,
            0);

    assertThat(HEX.formatHex(out))
        .isEqualTo(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b");
  }

  @Test
  void unseal_inverts_seal_for_any_length_offset_and_aad() {
    Seeded seeded = Seeded.fresh();
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      for (int i = 0; i < 300; i++) {
        int length = i < 70 ? i : seeded.random().nextInt(4000);
        int off = seeded.random().nextInt(9);
        byte[] plain = seeded.bytes(off + length + 3);
        byte[] aad = seeded.bytes(seeded.random().nextInt(80));
        byte[] sealed = new byte[off + length + Sealer.OVERHEAD + 5];
        byte[] back = new byte[off + length + 2];

        int sealedBytes = sealer.seal(plain, off, length, aad, sealed, off);
        int plainBytes = unsealer.unseal(sealed, off, sealedBytes, aad, back, off);

        assertThat(sealedBytes).as("%s", seeded).isEqualTo(length + Sealer.OVERHEAD);
        assertThat(plainBytes).as("%s", seeded).isEqualTo(length);
        assertThat(Arrays.copyOfRange(back, off, off + length))
            .as("%s", seeded)
            .isEqualTo(Arrays.copyOfRange(plain, off, off + length));
      }
    }
  }

  @Test
  void the_largest_record_goes_there_and_back_and_one_byte_more_is_refused() {
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      byte[] plain = new byte[Sealer.PLAIN_BYTES_MAX];
      byte[] sealed = seal(sealer, plain, AAD);
      assertThat(unsealer.unseal(sealed, 0, sealed.length, AAD, new byte[plain.length], 0))
          .isEqualTo(plain.length);
      assertThatThrownBy(() -> seal(sealer, new byte[Sealer.PLAIN_BYTES_MAX + 1], AAD))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void every_flipped_bit_is_noticed_and_leaves_zeros() {
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      byte[] plain = {9, 8, 7, 6, 5};
      byte[] sealed = seal(sealer, plain, AAD);
      byte[] out = new byte[plain.length];
      for (int bit = 0; bit < 8 * sealed.length; bit++) {
        byte[] bad = sealed.clone();
        bad[bit / 8] ^= (byte) (1 << bit % 8);
        Arrays.fill(out, (byte) 1);
        assertThatThrownBy(() -> unsealer.unseal(bad, 0, bad.length, AAD, out, 0))
            .as("bit %s", bit)
            .isInstanceOf(SealException.NotAuthentic.class);
        assertThat(out).containsOnly(0);
      }
    }
  }

  @Test
  void other_associated_data_is_refused() {
    assertRefused(32, new byte[] {1, 2, 4}, Change.NONE);
  }

  @Test
  void another_key_is_refused() {
    assertRefused(32, AAD, Change.KEY);
  }

  @Test
  void a_truncated_record_is_refused_at_every_length() {
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      byte[] sealed = seal(sealer, new byte[20], AAD);
      for (int length = 0; length < sealed.length; length++) {
        int bytes = length;
        assertThatThrownBy(() -> unsealer.unseal(sealed, 0, bytes, AAD, new byte[20], 0))
            .isInstanceOf(SealException.NotAuthentic.class);
      }
    }
  }

  private enum Change {
    NONE,
    KEY
  }

  private static void assertRefused(int keyBytes, byte[] aad, Change change) {
    try (SecretBytes key = SecretBytes.random(keyBytes);
        SecretBytes other = SecretBytes.random(keyBytes);
        Sealer sealer = new Sealer(key);
        Unsealer unsealer = new Unsealer(change == Change.KEY ? other : key)) {
      byte[] sealed = seal(sealer, new byte[10], AAD);
      assertThatThrownBy(() -> unsealer.unseal(sealed, 0, sealed.length, aad, new byte[10], 0))
          .isInstanceOf(SealException.NotAuthentic.class);
    }
  }

  @Test
  void forks_on_several_threads_never_share_a_nonce() throws Exception {
    Set<String> nonces = ConcurrentHashMap.newKeySet();
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key);
        var pool = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        Sealer own = thread == 0 ? sealer : sealer.fork();
        var _ =
            pool.submit(
                () -> {
                  for (int i = 0; i < 500; i++) {
                    nonces.add(HEX.formatHex(seal(own, new byte[1], NO_AAD), 0, 12));
                  }
                });
      }
      pool.shutdown();
      assertThat(pool.awaitTermination(20, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
    }
    assertThat(nonces).hasSize(2000);
  }

  @Test
  void a_failed_call_does_not_give_its_nonce_back() {
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(key)) {
      Set<String> nonces = new HashSet<>();
      nonces.add(HEX.formatHex(seal(sealer, new byte[1], NO_AAD), 0, 12));
      assertThatThrownBy(() -> sealer.seal(new byte[1], 0, 1, null, new byte[29], 0))
          .isInstanceOf(RuntimeException.class);
      nonces.add(HEX.formatHex(seal(sealer, new byte[1], NO_AAD), 0, 12));
      assertThat(nonces).hasSize(2);
    }
  }

  @Test
  void a_key_that_sealed_its_fill_is_refused_for_good() {
    try (SecretBytes key = SecretBytes.random(32);
        Sealer sealer = new Sealer(new AesGcm(key), new AtomicLong(Sealer.CALLS_MAX - 1))) {
      seal(sealer, new byte[1], NO_AAD);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> seal(sealer, new byte[1], NO_AAD))
            .isInstanceOf(SealException.Exhausted.class)
            .hasMessageContaining("resumes");
      }
    }
  }

  @Test
  void a_closed_sealer_seals_nothing() {
    try (SecretBytes key = SecretBytes.random(32)) {
      Sealer sealer = new Sealer(key);
      sealer.close();
      assertThatThrownBy(() -> seal(sealer, new byte[1], NO_AAD))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void records_are_sealed_by_their_index_in_order_only() {
    try (SecretBytes key = SecretBytes.random(32);
        RecordSealer sealer = new RecordSealer(key);
        Unsealer unsealer = new Unsealer(key)) {
      byte[] three = new byte[20];
      sealer.seal(3, new byte[] {1, 2, 3, 4}, 0, 4, AAD, three, 0);
      byte[] back = new byte[4];

      assertThat(unsealer.unseal(3, three, 0, 20, AAD, back, 0)).isEqualTo(4);
      assertThat(back).containsExactly(1, 2, 3, 4);
      assertThatThrownBy(() -> unsealer.unseal(2, three, 0, 20, AAD, back, 0))
          .isInstanceOf(SealException.NotAuthentic.class);
      assertThatThrownBy(() -> sealer.seal(3, new byte[4], 0, 4, AAD, three, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("record 3 after record 3");
      assertThatThrownBy(() -> sealer.seal(-1, new byte[4], 0, 4, AAD, three, 0))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void the_warm_up_ends_wherever_it_runs() {
    assertTimeoutPreemptively(Duration.ofMinutes(1), AesWarmUp::run);
  }

  @Test
  void hmac_matches_rfc_4231_case_2_in_any_pieces() {
    byte[] text =
        "what do ya want for nothing?".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    try (SecretBytes key = SecretBytes.copyOf(new byte[] {'J', 'e', 'f', 'e'})) {
      KeyedDigest digest = new KeyedDigest(key);
      for (int cut = 0; cut <= text.length; cut++) {
        digest.update(text, 0, cut).update(text, cut, text.length - cut);
        assertThat(HEX.formatHex(digest.finish()))
            .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
      }
    }
  }

  private static byte[] seal(Sealer sealer, byte[] plain, byte[] aad) {
    byte[] sealed = new byte[plain.length + Sealer.OVERHEAD];
    assertThat(sealer.seal(plain, 0, plain.length, aad, sealed, 0)).isEqualTo(sealed.length);
    return sealed;
  }
}
