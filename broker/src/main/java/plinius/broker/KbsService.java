package plinius.broker;

import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import plinius.attestation.AttestationException;
import plinius.attestation.Evidence;
import plinius.attestation.TeeKind;
import plinius.attestation.kbs.Advance;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.JsonFields;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.RuntimeData;
import plinius.seal.Id128;
import plinius.seal.OwnerKey;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwe;
import plinius.seal.jose.Jwk;
import plinius.verification.Appraisal;
import plinius.verification.AppraisalPolicy;
import plinius.verification.Verifier;
import plinius.verification.evidence.Endorsements;

/** The broker's side of the KBS protocol 0.4.0: a request in, an answer out. */
final class KbsService {
  private static final String ERRORS = "https://github.com/confidential-containers/kbs/errors/";
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final int NOT_FOUND = 404;
  private static final int TOO_MANY = 429;
  private static final Pattern RESOURCE =
      Pattern.compile(
          Pattern.quote(KbsClient.RESOURCE_PATH + KbsClient.REPOSITORY)
              + "/([0-9a-f]{32})/([a-z-]{1,32})");

  private final OwnerKey ownerKey;
  private final JobBook book;
  private final BrokerKeys keys;
  private final AppraisalPolicy policy;
  private final Clock clock;
  private final Sessions sessions;
  private final Verifier verifier = new Verifier();

  KbsService(
      OwnerKey ownerKey, JobBook book, BrokerKeys keys, AppraisalPolicy policy, Clock clock) {
    this.ownerKey = ownerKey;
    this.book = book;
    this.keys = keys;
    this.policy = policy;
    this.clock = clock;
    this.sessions = new Sessions(clock);
  }

  /** Answers; never throws for what a request holds. */
  KbsResponse handle(KbsRequest request) {
    try {
      return switch (request.method() + " " + request.path()) {
        case "POST " + KbsClient.AUTH_PATH -> auth(request);
        case "POST " + KbsClient.ATTEST_PATH -> attest(request);
        case "POST " + Advance.PATH -> advance(request);
        default -> resource(request);
      };
    } catch (AttestationException.BadMessage e) {
      return refusal(UNAUTHORIZED, "InvalidRequest", e.getMessage());
    }
  }

  private KbsResponse auth(KbsRequest request) {
    JsonFields message = JsonFields.parse("the request", request.body());
    String version = message.string("version");
    if (!version.equals(KbsClient.PROTOCOL_VERSION)) {
      return refusal(
          UNAUTHORIZED,
          "ProtocolVersion",
          "protocol version " + version + ", want " + KbsClient.PROTOCOL_VERSION);
    }
    Optional<TeeKind> kind = TeeKind.ofKbsName(message.string("tee"));
    if (kind.isEmpty()) {
      return refusal(
          UNAUTHORIZED, "InvalidRequest", "no verifier for tee " + message.string("tee"));
    }
    Optional<Sessions.Challenged> session = sessions.begin(kind.get());
    if (session.isEmpty()) {
      return refusal(TOO_MANY, "TooManySessions", "too many sessions are open: try again later");
    }
    String body =
        Json.write(
            new TreeMap<String, Object>(
                Map.of("nonce", session.get().nonce(), "extra-params", "")));
    return new KbsResponse(OK, Optional.of(session.get().id()), body);
  }

  private KbsResponse attest(KbsRequest request) {
    Optional<Sessions.Challenged> taken = request.cookie().flatMap(sessions::takeChallenged);
    if (taken.isEmpty()) {
      return refused(
          "InvalidCookie", "no session waits for evidence here: it is unknown, used or too old");
    }
    Sessions.Challenged session = taken.get();
    JsonFields message = JsonFields.parse("the attestation", request.body());
    JsonFields runtime = message.object("runtime-data");
    JsonFields tee = message.object("tee-evidence");
    if (!runtime.string("nonce").equals(session.nonce())) {
      return refused("AttestationError", "evidence refused: the nonce is not this session's");
    }
    RuntimeData runtimeData =
        new RuntimeData(session.nonce(), members(runtime.value("tee-pubkey")));
    ECPublicKey teeKey = teeKey(runtimeData);
    Evidence evidence =
        new Evidence(session.kind(), Json.write(members(tee.value("primary_evidence"))));
    Appraisal appraisal =
        policy.appraise(
            verifier.verify(evidence, Endorsements.none(), clock.instant()),
            Optional.of(runtimeData.reportData(tee.string("additional_evidence"))),
            clock.instant());
    return switch (appraisal) {
      case Appraisal.Rejected rejected -> refused("AttestationError", rejected.message());
      case Appraisal.Accepted accepted -> {
        sessions.attested(new Sessions.Attested(session.id(), accepted, teeKey, session.expires()));
        String token = AttestationToken.of(accepted, clock.instant(), keys.signingKey());
        yield new KbsResponse(
            OK, Optional.empty(), Json.write(new TreeMap<String, Object>(Map.of("token", token))));
      }
    };
  }

  private KbsResponse resource(KbsRequest request) {
    Matcher path = RESOURCE.matcher(request.path());
    Optional<GrantPurpose> purpose =
        path.matches() && request.method().equals("GET")
            ? purpose(path.group(2))
            : Optional.empty();
    if (purpose.isEmpty()) {
      return refusal(NOT_FOUND, "InvalidRequestPath", "there is nothing at this path");
    }
    Optional<Sessions.Attested> session = request.cookie().flatMap(sessions::takeAttested);
    if (session.isEmpty()) {
      return refused(
          "InvalidCookie", "no attested session: it is unknown, had its grant, or is too old");
    }
    Optional<Job> job =
        book.grant(Id128.parse(path.group(1)), purpose.get(), session.get().accepted());
    if (job.isEmpty()) {
      return refusal(NOT_FOUND, "ResourceNotFound", "there is no job " + path.group(1));
    }
    return new KbsResponse(
        OK, Optional.empty(), sealedGrant(job.get(), purpose.get(), session.get().teeKey()));
  }

  /** No session: the MAC shows that the sender had this epoch's grant. */
  private KbsResponse advance(KbsRequest request) {
    JsonFields message = JsonFields.parse("the advance", request.body());
    Advance advance = Advance.ofJson(message);
    if (book.job(advance.job()).isEmpty()) {
      return refusal(NOT_FOUND, "ResourceNotFound", "there is no job " + advance.job());
    }
    try (SecretBytes jobKey = ownerKey.jobKey(advance.job())) {
      if (!advance.isFrom(jobKey, message)) {
        return refused("InvalidRequest", "an advance that no run of its epoch can have sent");
      }
    }
    Optional<String> conflict = book.advance(advance.job(), advance.epoch(), advance.mirror());
    if (conflict.isPresent()) {
      book.refused(conflict.get());
      return refusal(Advance.CONFLICT, "Conflict", conflict.get());
    }
    return new KbsResponse(OK, Optional.empty(), advance.confirm(keys.signingKey()));
  }

  private String sealedGrant(Job job, GrantPurpose purpose, ECPublicKey teeKey) {
    List<Grant.DataKey> dataKeys = new ArrayList<>();
    for (Id128 dataSet : job.readable(purpose)) {
      dataKeys.add(
          new Grant.DataKey(dataSet, ownerKey.recordKey(dataSet), ownerKey.manifestKey(dataSet)));
    }
    JobTerms terms = job.terms();
    SecretBytes jobKey = ownerKey.jobKey(job.id());
    SecretBytes digestKey = ownerKey.digestKey(terms.seed());
    SecretBytes orderKey = ownerKey.orderKey(terms.seed());
    try (Grant grant =
        new Grant(
            purpose,
            job.id(),
            job.epoch(),
            ownerKey.id(),
            jobKey,
            dataKeys,
            digestKey,
            orderKey,
            terms.cfgDigest(),
            terms.seed(),
            terms.freshness(),
            terms.freshness().recorded() ? job.newest() : Optional.empty(),
            keys.brokerKey())) {
      byte[] plain = grant.toJson();
      try {
        return Jwe.encrypt(teeKey, plain);
      } finally {
        Arrays.fill(plain, (byte) 0);
      }
    }
  }

  private static Optional<GrantPurpose> purpose(String tag) {
    return Arrays.stream(GrantPurpose.values())
        .filter(purpose -> purpose.resourceTag().equals(tag))
        .findFirst();
  }

  private static Map<String, Object> members(Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new AttestationException.BadMessage("the attestation has text where objects belong");
    }
    Map<String, Object> members = new TreeMap<>();
    map.forEach((name, each) -> members.put((String) name, each));
    return members;
  }

  private static ECPublicKey teeKey(RuntimeData runtimeData) {
    Map<String, Object> jwk = new TreeMap<>(runtimeData.teePublicKey());
    Object algorithm = jwk.remove("alg");
    if (!RuntimeData.KEY_ALGORITHM.equals(algorithm)) {
      throw new AttestationException.BadMessage(
          "the tee-pubkey's alg is not " + RuntimeData.KEY_ALGORITHM);
    }
    try {
      return Jwk.fromMap(jwk);
    } catch (SealException e) {
      throw new AttestationException.BadMessage("the tee-pubkey is no P-256 key", e);
    }
  }

  private KbsResponse refused(String type, String detail) {
    book.refused(detail);
    return refusal(UNAUTHORIZED, type, detail);
  }

  private static KbsResponse refusal(int status, String type, String detail) {
    Map<String, Object> members = new TreeMap<>(Map.of("type", ERRORS + type, "detail", detail));
    return new KbsResponse(status, Optional.empty(), Json.write(members));
  }
}
