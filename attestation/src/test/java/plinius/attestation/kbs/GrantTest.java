package plinius.attestation.kbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import plinius.attestation.AttestationException;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;

class GrantTest {
  @Test
  void reading_inverts_writing_for_extreme_seeds() throws Exception {
    for (long seed : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      try (Grant grant = grant(seed, 7, seed == 1 ? 4 : 0);
          Grant read = Grant.ofBytes(grant.toBytes())) {
        assertThat(read).isEqualTo(grant);
      }
    }
  }

  @Test
  void each_member_must_be_there() throws Exception {
    for (Map<String, Object> members : List.of(members(0), members(4))) {
      for (String name : members.keySet()) {
        Map<String, Object> without = new TreeMap<>(members);
        without.remove(name);
        assertThatThrownBy(() -> read(without))
            .as("without " + name)
            .isInstanceOf(AttestationException.BadMessage.class)
            .hasMessageContaining(name);
      }
    }
  }

  @Test
  void a_word_for_other_kernels_is_a_member_of_version_3_alone() throws Exception {
    assertThat(members(0)).containsEntry("version", 2L).doesNotContainKey("replan");
    assertThat(members(4)).containsEntry("version", 3L).containsEntry("replan", 4L);
    try (Grant grant = read(members(4))) {
      assertThat(grant.replan()).isEqualTo(4);
    }

    for (Map<String, Object> change :
        List.<Map<String, Object>>of(
            Map.of("version", 2L),
            Map.of("version", 4L),
            Map.of("replan", 0L),
            Map.of("replan", -4L),
            Map.of("replan", "4"))) {
      Map<String, Object> members = members(4);
      members.putAll(change);
      assertThatThrownBy(() -> read(members))
          .as("with " + change)
          .isInstanceOf(AttestationException.BadMessage.class);
    }
  }

  @Test
  void a_member_that_we_do_not_know_is_refused() throws Exception {
    Map<String, Object> members = members();
    members.put("extra", 1L);

    assertThatThrownBy(() -> read(members))
        .isInstanceOf(AttestationException.BadMessage.class)
        .hasMessageContaining("extra");
  }

  @Test
  void values_that_no_broker_gives_are_refused() throws Exception {
    Map<String, Object> wrong =
        Map.of(
            "version", 1L,
            "epoch", 0L,
            "purpose", "everything",
            "freshness", "whatever",
            "seed", "one",
            "cfgDigest", "00",
            "brokerKey", "AAAA",
            "job", "x");

    for (Map.Entry<String, Object> each : wrong.entrySet()) {
      Map<String, Object> members = members();
      members.put(each.getKey(), each.getValue());
      assertThatThrownBy(() -> read(members))
          .as("with " + each)
          .isInstanceOf(AttestationException.BadMessage.class);
    }
  }

  @Test
  void keys_too_few_or_too_many_are_refused() throws Exception {
    try (Grant grant = grant(1, 7)) {
      byte[] good = grant.toBytes();
      for (int length = 0; length < good.length + 40; length++) {
        if (length == good.length) {
          continue;
        }
        byte[] bad = Arrays.copyOf(good, length);
        assertThatThrownBy(() -> Grant.ofBytes(bad))
            .as("%d of %d bytes", length, good.length)
            .isInstanceOf(AttestationException.BadMessage.class);
      }
    }
  }

  @Test
  void no_key_is_text_and_none_is_shown() throws Exception {
    try (Grant grant = grant(1, 7)) {
      assertThat(grant.toString()).contains("SecretBytes[32 bytes]");
      // Nine digits or more of a key, in any of the ways to write one, would be found.
      byte[] key = grant.jobKey().copy();
      assertThat(json(grant))
          .doesNotContain(HexFormat.of().formatHex(key, 0, 6))
          .doesNotContain(Base64.getEncoder().encodeToString(Arrays.copyOf(key, 6)));
    }
  }

  @Test
  void a_grant_to_read_may_have_epoch_zero_and_one_to_train_may_not() throws Exception {
    Map<String, Object> members = members();
    members.put("epoch", 0L);
    members.put("purpose", "read-only");

    try (Grant grant = read(members)) {
      assertThat(grant.epoch()).isZero();
    }
  }

  private static Map<String, Object> members() throws Exception {
    return members(0);
  }

  private static Map<String, Object> members(long replan) throws Exception {
    try (Grant grant = grant(1, 7, replan)) {
      return new TreeMap<>(Json.parseObject(json(grant)));
    }
  }

  private static String json(Grant grant) {
    String bytes = new String(grant.toBytes(), StandardCharsets.ISO_8859_1);
    return bytes.substring(0, bytes.indexOf('\n'));
  }

  private static Grant read(Map<String, Object> members) {
    byte[] json = Json.write(members).getBytes(StandardCharsets.UTF_8);
    byte[] bytes = Arrays.copyOf(json, json.length + 1 + 7 * 32);
    bytes[json.length] = '\n';
    return Grant.ofBytes(bytes);
  }

  private static Grant grant(long seed, long epoch) throws NoSuchAlgorithmException {
    return grant(seed, epoch, 0);
  }

  private static Grant grant(long seed, long epoch, long replan) throws NoSuchAlgorithmException {
    return new Grant(
        GrantPurpose.TRAIN,
        Id128.random(),
        epoch,
        Id128.random(),
        SecretBytes.random(32),
        List.of(
            new Grant.DataKey(Id128.random(), SecretBytes.random(32), SecretBytes.random(32)),
            new Grant.DataKey(Id128.random(), SecretBytes.random(32), SecretBytes.random(32))),
        SecretBytes.random(32),
        SecretBytes.random(32),
        CfgDigest.ofCanonical("[net]"),
        seed,
        FreshnessMode.DEFAULT,
        Optional.of(MirrorId.of(3, new byte[32])),
        replan,
        new BrokerKey(
            Base64.getEncoder()
                .encodeToString(
                    KeyPairGenerator.getInstance("Ed25519")
                        .generateKeyPair()
                        .getPublic()
                        .getEncoded())));
  }
}
