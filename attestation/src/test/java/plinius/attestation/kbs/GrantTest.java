package plinius.attestation.kbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
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
      try (Grant grant = grant(seed, 7);
          Grant read = Grant.ofJson(grant.toJson())) {
        assertThat(read).isEqualTo(grant);
      }
    }
  }

  @Test
  void each_member_must_be_there() throws Exception {
    Map<String, Object> members = members();

    for (String name : members.keySet()) {
      Map<String, Object> without = new TreeMap<>(members);
      without.remove(name);
      assertThatThrownBy(() -> read(without))
          .as("without " + name)
          .isInstanceOf(AttestationException.BadMessage.class)
          .hasMessageContaining(name);
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
            "version", 2L,
            "epoch", 0L,
            "purpose", "everything",
            "freshness", "whatever",
            "seed", "one",
            "cfgDigest", "00",
            "jobKey", "AAAA",
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
  void neither_text_nor_refusals_show_a_key() throws Exception {
    Map<String, Object> members = members();
    String jobKey = (String) members.get("jobKey");
    members.put("epoch", "seven");

    assertThatThrownBy(() -> read(members))
        .satisfies(e -> assertThat(e.toString()).doesNotContain(jobKey));
    assertThatThrownBy(
            () -> Grant.ofJson(("{\"jobKey\":\"" + jobKey).getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(AttestationException.BadMessage.class)
        .satisfies(e -> assertThat(e.toString()).doesNotContain(jobKey));
    try (Grant grant = Grant.ofJson(Json.write(members()).getBytes(StandardCharsets.UTF_8))) {
      assertThat(grant.toString()).contains("SecretBytes[32 bytes]");
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
    try (Grant grant = grant(1, 7)) {
      return new TreeMap<>(Json.parseObject(grant.toJson()));
    }
  }

  private static Grant read(Map<String, Object> members) {
    return Grant.ofJson(Json.write(members).getBytes(StandardCharsets.UTF_8));
  }

  private static Grant grant(long seed, long epoch) throws NoSuchAlgorithmException {
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
        BrokerKey.of(KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic()));
  }
}
