package plinius.attestation.kbs;

import static java.util.stream.Collectors.joining;

import java.security.KeyPair;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import plinius.attestation.AttestationException;
import plinius.attestation.Attester;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwe;
import plinius.seal.jose.Jwk;

/**
 * The enclave's side of the KBS protocol 0.4.0 (request, challenge, attestation, response). The
 * transport is the host's: it may lose, change, replay or invent messages. It cannot read the
 * grant, which is encrypted to a key made here for one exchange, and cannot exchange it for
 * another: the grant names its job and its purpose.
 */
public final class KbsClient {
  /** The only version of the protocol that the reference server takes. */
  public static final String PROTOCOL_VERSION = "0.4.0";

  /** Paths of the messages. */
  public static final String AUTH_PATH = "/kbs/v0/auth";

  /** Path of the attestation. */
  public static final String ATTEST_PATH = "/kbs/v0/attest";

  /** Resources lie below this path: repository, type, tag. */
  public static final String RESOURCE_PATH = "/kbs/v0/resource/";

  /** The repository in which all our resources lie. */
  public static final String REPOSITORY = "plinius";

  /** Longest answer that is looked at. */
  public static final int ANSWER_CHARS_MAX = 256 * 1024;

  private static final int STATUS_OK = 200;
  private static final int NONCE_CHARS_MAX = 256;
  private static final int DETAIL_CHARS_MAX = 1000;

  private final Attester attester;
  private final KbsTransport transport;

  public KbsClient(Attester attester, KbsTransport transport) {
    this.attester = Objects.requireNonNull(attester);
    this.transport = Objects.requireNonNull(transport);
  }

  /** The keys to train this job: the broker begins a new epoch. The caller closes the grant. */
  public Grant fetchGrant(Id128 job) {
    return fetch(job, GrantPurpose.TRAIN);
  }

  /** The keys to read this job's model, without a new epoch. The caller closes the grant. */
  public Grant fetchReadOnlyGrant(Id128 job) {
    return fetch(job, GrantPurpose.READ_ONLY);
  }

  /**
   * Tells the broker which mirror is the newest, and returns when it has confirmed that.
   *
   * @throws AttestationException.Refused with the status {@link Advance#CONFLICT} if another run
   *     has begun since, or has told of a newer mirror
   * @throws AttestationException.Unreachable if there is no answer: nobody knows then whether the
   *     broker has heard; the same again is harmless
   */
  public void advance(Grant grant, MirrorId mirror) {
    Advance advance = new Advance(grant.job(), grant.epoch(), mirror, Id128.random().toString());
    String message = advance.toJson(grant.jobKey());
    KbsResponse answer =
        post("mirror " + mirror.sequence(), Advance.PATH, Optional.empty(), message);
    advance.requireConfirmed(grant.brokerKey(), answer.body());
  }

  private Grant fetch(Id128 job, GrantPurpose purpose) {
    KeyPair teeKey = Jwk.generate();
    KbsResponse challenge = post("the challenge", AUTH_PATH, Optional.empty(), authMessage());
    Optional<String> session = challenge.cookie();
    if (session.isEmpty()) {
      throw new AttestationException.BadMessage("the key broker's challenge begins no session");
    }
    String nonce = member(challenge, "nonce").orElse("");
    if (nonce.isEmpty() || nonce.length() > NONCE_CHARS_MAX) {
      throw new AttestationException.BadMessage(
          "the challenge's nonce has " + nonce.length() + " characters");
    }
    RuntimeData runtimeData = new RuntimeData(nonce, teePublicKey(teeKey));
    post("the attestation", ATTEST_PATH, session, attestMessage(runtimeData));

    String path = RESOURCE_PATH + REPOSITORY + "/" + job + "/" + purpose.resourceTag();
    KbsResponse resource =
        call("the grant for job " + job, new KbsRequest("GET", path, session, ""));
    return open(teeKey, resource.body(), job, purpose);
  }

  private String authMessage() {
    Map<String, Object> extra =
        Map.of("supported-hash-algorithms", List.of("sha256", "sha384", "sha512"));
    String tee = attester.kind().kbsName();
    return Json.write(Map.of("version", PROTOCOL_VERSION, "tee", tee, "extra-params", extra));
  }

  private String attestMessage(RuntimeData runtimeData) {
    String additional = "";
    String primary = attester.attest(runtimeData.reportData(additional)).primary();
    Map<String, Object> evidence =
        Map.of("primary_evidence", Json.parse(primary), "additional_evidence", additional);
    return Json.write(Map.of("runtime-data", runtimeData.members(), "tee-evidence", evidence));
  }

  private static Grant open(KeyPair teeKey, String jwe, Id128 job, GrantPurpose purpose) {
    byte[] plain;
    try (SecretBytes secret = Jwe.decrypt(teeKey, jwe)) {
      plain = secret.copy();
    } catch (SealException e) {
      throw new AttestationException.BadMessage(
          "the grant for job " + job + " is not encrypted to this enclave, or was changed");
    }
    Grant grant;
    try {
      grant = Grant.ofBytes(plain);
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
    if (!grant.job().equals(job) || grant.purpose() != purpose) {
      String got = grant.purpose().wireName() + " for job " + grant.job();
      grant.close();
      throw new AttestationException.BadMessage(
          "the grant is to " + got + ", want to " + purpose.wireName() + " for job " + job);
    }
    return grant;
  }

  private KbsResponse post(String what, String path, Optional<String> session, String body) {
    return call(what, new KbsRequest("POST", path, session, body));
  }

  private KbsResponse call(String what, KbsRequest request) {
    KbsResponse response = transport.call(request);
    if (response.body().length() > ANSWER_CHARS_MAX) {
      throw new AttestationException.BadMessage(
          what + " has " + response.body().length() + " characters, at most " + ANSWER_CHARS_MAX);
    }
    if (response.status() != STATUS_OK) {
      throw new AttestationException.Refused(
          response.status(),
          "the key broker refused " + what + " (" + response.status() + "): " + detail(response));
    }
    return response;
  }

  // The refusal's own words, if it has any; bounded and printable, for the host may have made it.
  private static String detail(KbsResponse response) {
    return member(response, "detail")
        .orElse("without a reason")
        .codePoints()
        .limit(DETAIL_CHARS_MAX)
        .mapToObj(each -> Character.isISOControl(each) ? " " : Character.toString(each))
        .collect(joining());
  }

  /** A text in an answer, if it is there. */
  private static Optional<String> member(KbsResponse response, String name) {
    try {
      return Optional.of(Json.string(Json.parseObject(response.body()), name));
    } catch (SealException e) {
      return Optional.empty();
    }
  }

  private static Map<String, Object> teePublicKey(KeyPair teeKey) {
    Map<String, Object> jwk = new TreeMap<>(Jwk.toMap((ECPublicKey) teeKey.getPublic()));
    jwk.put("alg", RuntimeData.KEY_ALGORITHM);
    return jwk;
  }
}
