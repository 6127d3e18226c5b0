package plinius.attestation.kbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.attestation.Evidence;
import plinius.attestation.Measurement;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.simulation.SimulatedPlatform;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;
import plinius.testkit.tee.MadeUpSimulation;

class RestartCacheTest {
  private static final Measurement CODE = Measurement.of(new byte[Measurement.BYTES]);
  private static final Measurement OTHER_CODE = new Measurement("11".repeat(Measurement.BYTES));
  private static final CfgDigest CFG = CfgDigest.ofCanonical("[net]");

  @TempDir Path folder;
  private Attester platform;

  @BeforeEach
  void make() {
    platform = new SimulatedPlatform(MadeUpSimulation.in(folder.resolve("platform")), CODE);
  }

  @Test
  void opening_inverts_sealing_and_no_two_blobs_are_alike() throws Exception {
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED)) {
      byte[] blob = RestartCache.seal(platform, grant).orElseThrow();
      byte[] again = RestartCache.seal(platform, grant).orElseThrow();

      try (Grant opened = open(platform, blob, grant.job(), CFG)) {
        assertThat(opened).isEqualTo(grant);
      }
      assertThat(Arrays.copyOfRange(again, 64, 96)).isNotEqualTo(Arrays.copyOfRange(blob, 64, 96));
    }
  }

  /** From the page alone, with nothing of the class under test. */
  @Test
  void the_bytes_are_those_of_the_page() throws Exception {
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED);
        SecretBytes root = platform.sealingKey().orElseThrow()) {
      byte[] blob = RestartCache.seal(platform, grant).orElseThrow();
      byte[] salt = Arrays.copyOfRange(blob, 20, 52);

      assertThat(HexFormat.of().formatHex(blob, 0, 20))
          .isEqualTo(
              HexFormat.of().formatHex("PLRESTRT".getBytes(StandardCharsets.US_ASCII))
                  + "010301000000000000000007");
      assertThat(Arrays.copyOfRange(blob, 52, 64)).isEqualTo(new byte[12]);
      assertThat(blob).hasSize(64 + grant.toBytes().length + 16);
      byte[] associated = Arrays.copyOf(blob, 52 + 16 + 48 + 32);
      System.arraycopy(grant.job().bytes(), 0, associated, 52, 16);
      System.arraycopy(CODE.bytes(), 0, associated, 68, 48);
      System.arraycopy(CFG.bytes(), 0, associated, 116, 32);
      byte[] plain = new byte[blob.length - 80];
      try (SecretBytes key =
              KeyDerivation.derive(root, salt, "plinius/restart", grant.job().bytes());
          Unsealer unsealer = new Unsealer(key)) {
        unsealer.unseal(blob, 52, blob.length - 52, associated, plain, 0);
      }
      assertThat(plain).isEqualTo(grant.toBytes());
    }
  }

  @Test
  void a_flipped_bit_anywhere_and_a_cut_at_any_length_do_not_open() throws Exception {
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED)) {
      byte[] blob = RestartCache.seal(platform, grant).orElseThrow();
      for (int at = 0; at < blob.length; at++) {
        byte[] flipped = blob.clone();
        flipped[at] ^= (byte) (1 << at % 8);
        doesNotOpen(platform, flipped, grant.job(), CFG);
        doesNotOpen(platform, Arrays.copyOf(blob, at), grant.job(), CFG);
      }
      doesNotOpen(platform, Arrays.copyOf(blob, blob.length + 1), grant.job(), CFG);
    }
  }

  @Test
  void another_job_or_configuration_does_not_open_it() throws Exception {
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED)) {
      byte[] blob = RestartCache.seal(platform, grant).orElseThrow();

      doesNotOpen(platform, blob, Id128.random(), CFG);
      doesNotOpen(platform, blob, grant.job(), CfgDigest.ofCanonical("[net]\nbatch=2"));
    }
  }

  @Test
  void another_measurement_or_machine_does_not_open_it() throws Exception {
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED)) {
      byte[] blob = RestartCache.seal(platform, grant).orElseThrow();

      doesNotOpen(
          new SimulatedPlatform(MadeUpSimulation.in(folder.resolve("platform")), OTHER_CODE),
          blob,
          grant.job(),
          CFG);
      doesNotOpen(
          new SimulatedPlatform(MadeUpSimulation.in(folder.resolve("elsewhere")), CODE),
          blob,
          grant.job(),
          CFG);
    }
  }

  /** As if a platform gave all code one key: the associated data still tells them apart. */
  @Test
  void another_measurement_or_kind_with_the_same_sealing_key_does_not_open_it() throws Exception {
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED)) {
      Attester one = new FixedKey(TeeKind.SGX, CODE, true);
      byte[] blob = RestartCache.seal(one, grant).orElseThrow();

      open(one, blob, grant.job(), CFG).close();
      doesNotOpen(new FixedKey(TeeKind.SGX, OTHER_CODE, true), blob, grant.job(), CFG);
    }
  }

  @Test
  void a_grant_that_does_not_allow_it_is_not_sealed() throws Exception {
    for (FreshnessMode mode :
        List.of(FreshnessMode.OFFLINE, FreshnessMode.STRICT, FreshnessMode.DEFAULT)) {
      try (Grant grant = grant(mode)) {
        assertThatThrownBy(() -> RestartCache.seal(platform, grant))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(mode.wireName());
      }
    }
  }

  @Test
  void an_authentic_blob_whose_grant_does_not_allow_it_is_refused_by_name() throws Exception {
    for (FreshnessMode mode :
        List.of(FreshnessMode.OFFLINE, FreshnessMode.STRICT, FreshnessMode.DEFAULT)) {
      try (Grant grant = grant(mode);
          SecretBytes root = platform.sealingKey().orElseThrow()) {
        byte[] blob = RestartCache.seal(platform, root, grant);

        assertThatThrownBy(() -> open(platform, blob, grant.job(), CFG))
            .isInstanceOf(AttestationException.Unreachable.class)
            .hasMessageContainingAll("nobody answers", "refused", mode.wireName());
      }
    }
  }

  @Test
  void a_platform_without_a_sealing_key_seals_nothing_and_opens_nothing() throws Exception {
    Attester keyless = new FixedKey(TeeKind.TDX, CODE, false);
    try (Grant grant = grant(FreshnessMode.OFFLINE_CACHED)) {
      assertThat(RestartCache.seal(keyless, grant)).isEmpty();
      doesNotOpen(keyless, RestartCache.seal(platform, grant).orElseThrow(), grant.job(), CFG);
    }
  }

  @Test
  void only_offline_jobs_may_have_one_and_only_by_name() {
    assertThat(FreshnessMode.ofWireName("offline+cache")).isEqualTo(FreshnessMode.OFFLINE_CACHED);
    assertThat(FreshnessMode.OFFLINE_CACHED.wireName()).isEqualTo("offline+cache");
    assertThat(FreshnessMode.OFFLINE.cached()).isFalse();
    for (String refused : List.of("strict+cache", "window:32+cache")) {
      assertThatThrownBy(() -> FreshnessMode.ofWireName(refused))
          .isInstanceOf(AttestationException.BadMessage.class)
          .hasMessageContainingAll(refused, "asked at each start");
    }
    assertThatThrownBy(() -> new FreshnessMode(1, true))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static void doesNotOpen(Attester attester, byte[] blob, Id128 job, CfgDigest cfg) {
    assertThatThrownBy(() -> open(attester, blob, job, cfg))
        .isInstanceOf(AttestationException.Unreachable.class)
        .hasMessageContainingAll("nobody answers", "does not open");
  }

  private static Grant open(Attester attester, byte[] blob, Id128 job, CfgDigest cfg) {
    return RestartCache.open(
        attester, blob, job, cfg, new AttestationException.Unreachable("nobody answers"));
  }

  private record FixedKey(TeeKind kind, Measurement measurement, boolean has) implements Attester {
    @Override
    public Evidence attest(ReportData reportData) {
      throw new IllegalStateException("nobody asks for evidence");
    }

    @Override
    public Optional<SecretBytes> sealingKey() {
      return has ? Optional.of(SecretBytes.copyOf(new byte[32])) : Optional.empty();
    }
  }

  private static Grant grant(FreshnessMode mode) throws NoSuchAlgorithmException {
    return new Grant(
        GrantPurpose.TRAIN,
        Id128.random(),
        7,
        Id128.random(),
        SecretBytes.random(32),
        List.of(new Grant.DataKey(Id128.random(), SecretBytes.random(32), SecretBytes.random(32))),
        SecretBytes.random(32),
        SecretBytes.random(32),
        CFG,
        1,
        mode,
        Optional.empty(),
        0,
        new BrokerKey(
            Base64.getEncoder()
                .encodeToString(
                    KeyPairGenerator.getInstance("Ed25519")
                        .generateKeyPair()
                        .getPublic()
                        .getEncoded())));
  }
}
