package plinius.broker;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import plinius.attestation.AttestationException;
import plinius.attestation.Evidence;
import plinius.attestation.ReportData;
import plinius.attestation.TeeKind;
import plinius.attestation.kbs.Advance;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.GrantPurpose;
import plinius.attestation.kbs.KbsClient;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.MirrorId;
import plinius.attestation.kbs.RuntimeData;
import plinius.owner.OwnerKey;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.jose.Json;
import plinius.seal.jose.Jwk;
import plinius.verification.Appraisal;
import plinius.verification.AppraisalPolicy;
import plinius.verification.BadPolicy;
import plinius.verification.Verification;
import plinius.verification.evidence.Endorsements;
import plinius.verification.evidence.JsonFields;

/** The broker's side of the KBS protocol 0.4.0: a request in, an answer out. */
final class KbsService {
  /** What everybody may know of a job who knows its id: below this path. */
  static final String STATUS_PATH = "/kbs/v0/external/plinius/status/";

  /** A member beside the evidence: what the makers say about the platform, base64 each. */
  static final String ENDORSEMENTS = "endorsements";

  private static final String ERRORS = "https://github.com/confidential-containers/kbs/errors/";
  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;
  private static final int TOO_MANY = 429;
  private static final int ENDORSEMENTS_MAX = 64;
  private static final Pattern RESOURCE =
      Pattern.compile(
          Pattern.quote(KbsClient.RESOURCE_PATH + KbsClient.REPOSITORY)
              + "/([0-9a-f]{32})/([a-z-]{1,32})");
  private static final Pattern STATUS =
      Pattern.compile(Pattern.quote(STATUS_PATH) + "([0-9a-f]{32})");

  private final OwnerKey ownerKey;
  private final JobBook book;
  private final Policies policies;
  private final BrokerKeys keys;
  private final BrokerSettings settings;
  private final Clock clock;
  private final Sessions sessions;

  /** A request and who sent it. */
  private record Asked(KbsRequest request, String peer) {
    String step() {
      return request.method() + " " + request.path();
    }
  }

  /** Why there is no answer but a refusal, which the log gets as well. */
  private static final class No extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final String type;
    private final transient Optional<Id128> job;

    No(int status, String type, Optional<Id128> job, String detail) {
      super(detail, null, false, false);
      this.status = status;
      this.type = type;
      this.job = job;
    }

    No(int status, String type, String detail) {
      this(status, type, Optional.empty(), detail);
    }
  }

  KbsService(
      OwnerKey ownerKey,
      BrokerRecord record,
      BrokerKeys keys,
      BrokerSettings settings,
      Clock clock) {
    this.ownerKey = ownerKey;
    this.book = record.book();
    this.policies = record.policies();
    this.keys = keys;
    this.settings = settings;
    this.clock = clock;
    this.sessions = new Sessions(settings.limits(), clock);
  }

  /**
   * Answers; never throws for what a request holds.
   *
   * @param peer the address that it came from, without a port
   */
  KbsResponse handle(KbsRequest request, String peer) {
    Asked asked = new Asked(request, peer);
    try {
      return switch (asked.step()) {
        case "POST " + KbsClient.AUTH_PATH -> auth(asked);
        case "POST " + KbsClient.ATTEST_PATH -> attest(asked);
        case "POST " + Advance.PATH -> advance(asked);
        default -> resource(asked);
      };
    } catch (No no) {
      return refuse(asked, no);
    } catch (AttestationException.BadMessage e) {
      return refuse(asked, new No(UNAUTHORIZED, "InvalidRequest", e.getMessage()));
    } catch (SealException | IllegalArgumentException e) {
      // What no rule above names: numbers or text that canonical JSON or a key cannot hold.
      return refuse(
          asked,
          new No(
              UNAUTHORIZED,
              "InvalidRequest",
              "the request cannot be used (" + e.getMessage() + ")"));
    }
  }

  /** Refuses a request that was not looked at, because of a limit. */
  KbsResponse refuseUnread(String step, String peer, int status, String detail) {
    book.refusedForLimit(new Refused(peer, step, Optional.empty(), detail));
    return refusal(status, "TooManyRequests", detail);
  }

  private KbsResponse auth(Asked asked) {
    JsonFields message = JsonFields.parse("the request", asked.request().body());
    String version = message.string("version");
    if (!settings.protocolVersions().contains(version)) {
      throw new No(
          UNAUTHORIZED,
          "ProtocolVersion",
          "protocol version "
              + version
              + ", want "
              + String.join(" or ", new TreeSet<>(settings.protocolVersions())));
    }
    TeeKind kind =
        Arrays.stream(TeeKind.values())
            .filter(each -> each.kbsName().equals(message.string("tee")))
            .findFirst()
            .orElseThrow(
                () ->
                    new No(
                        UNAUTHORIZED,
                        "InvalidRequest",
                        "no verifier for tee " + message.string("tee")));
    Sessions.Challenged session =
        sessions
            .begin(asked.peer(), kind)
            .orElseThrow(
                () ->
                    new No(
                        TOO_MANY,
                        "TooManySessions",
                        "too many sessions are open: try again later"));
    String body =
        Json.write(
            new TreeMap<String, Object>(Map.of("nonce", session.nonce(), "extra-params", "")));
    return new KbsResponse(OK, Optional.of(session.id()), body);
  }

  private KbsResponse attest(Asked asked) {
    requireOwnCookie(asked);
    Sessions.Challenged session =
        asked
            .request()
            .cookie()
            .flatMap(id -> sessions.takeChallenged(id, asked.peer()))
            .orElseThrow(
                () ->
                    new No(
                        UNAUTHORIZED,
                        "InvalidCookie",
                        "no session waits for evidence here: it is unknown, used or too old"));
    JsonFields message = JsonFields.parse("the attestation", asked.request().body());
    JsonFields runtime =
        new JsonFields("the attestation.runtime-data", message.value("runtime-data"));
    JsonFields tee = new JsonFields("the attestation.tee-evidence", message.value("tee-evidence"));
    if (!MessageDigest.isEqual(
        runtime.string("nonce").getBytes(StandardCharsets.UTF_8),
        session.nonce().getBytes(StandardCharsets.UTF_8))) {
      throw new No(
          UNAUTHORIZED, "AttestationError", "evidence refused: the nonce is not this session's");
    }
    RuntimeData runtimeData =
        new RuntimeData(session.nonce(), members(runtime.value("tee-pubkey")));
    ECPublicKey teeKey = teeKey(runtimeData);
    ReportData bound = runtimeData.reportData(tee.string("additional_evidence"));
    Instant now = clock.instant();
    Evidence evidence =
        new Evidence(session.kind(), Json.write(members(tee.value("primary_evidence"))));
    Verification verification =
        settings
            .verifier()
            .verify(evidence, endorsements(members(message.value("tee-evidence"))), now);
    return switch (appraiseByAny(verification, bound, now)) {
      case Appraisal.Rejected rejected -> {
        requireNotWithheld(verification, bound, now);
        throw new No(UNAUTHORIZED, "AttestationError", rejected.message() + unusablePolicies());
      }
      case Appraisal.Accepted accepted -> {
        sessions.attested(
            new Sessions.Attested(
                session.id(), session.peer(), verification, bound, now, teeKey, session.expires()));
        String token = AttestationToken.of(accepted, now, keys.signingKey());
        yield new KbsResponse(
            OK, Optional.empty(), Json.write(new TreeMap<String, Object>(Map.of("token", token))));
      }
    };
  }

  // Which job it is for is not known yet. Evidence that no policy accepts is for none.
  private Appraisal appraiseByAny(Verification verification, ReportData bound, Instant at) {
    Appraisal best = settings.policy().appraise(verification, Optional.of(bound), at);
    for (AppraisalPolicy policy : usablePolicies(job -> job.withheld(at).isEmpty())) {
      if (best instanceof Appraisal.Accepted) {
        return best;
      }
      Appraisal each = policy.appraise(verification, Optional.of(bound), at);
      // "Not this platform" says least of why.
      boolean saysMore = best instanceof Appraisal.Rejected no && no.field().equals("platform");
      best = saysMore || each instanceof Appraisal.Accepted ? each : best;
    }
    return best;
  }

  /** Of evidence for jobs that are withheld alone: which, and why. It gets no token either. */
  private void requireNotWithheld(Verification verification, ReportData bound, Instant at) {
    for (Job job : book.jobs()) {
      Optional<String> withheld = job.withheld(at);
      boolean accepts =
          withheld.isPresent()
              && job.permission()
                  .policy()
                  .flatMap(this::usable)
                  .map(policy -> policy.appraise(verification, Optional.of(bound), at))
                  .filter(Appraisal.Accepted.class::isInstance)
                  .isPresent();
      if (accepts) {
        throw new No(FORBIDDEN, "PolicyDeny", Optional.of(job.id()), withheld.get());
      }
    }
  }

  private List<AppraisalPolicy> usablePolicies(Predicate<Job> of) {
    return policyDigests(of).flatMap(digest -> usable(digest).stream()).toList();
  }

  private Stream<String> policyDigests(Predicate<Job> of) {
    return book.jobs().stream()
        .filter(of)
        .flatMap(job -> job.permission().policy().stream())
        .distinct();
  }

  /** The policy, unless its copy is lost or changed or nobody understands it. */
  private Optional<AppraisalPolicy> usable(String digest) {
    try {
      return Optional.of(policies.policy(digest));
    } catch (BrokerException.StateUnusable | BadPolicy e) {
      return Optional.empty();
    }
  }

  private String unusablePolicies() {
    long unusable = policyDigests(_ -> true).filter(digest -> usable(digest).isEmpty()).count();
    return unusable == 0
        ? ""
        : "; of the jobs' policies "
            + unusable
            + " could not be used, for they are lost or changed";
  }

  /** The owner's, and what came along; all of it is signed by the makers. */
  private Endorsements endorsements(Map<String, Object> teeEvidence) {
    Endorsements owners = settings.endorsements().get();
    if (!(teeEvidence.get(ENDORSEMENTS) instanceof List<?> delivered)) {
      return owners;
    }
    if (delivered.size() > ENDORSEMENTS_MAX) {
      throw new AttestationException.BadMessage(
          delivered.size() + " endorsements, at most " + ENDORSEMENTS_MAX);
    }
    List<byte[]> files = new ArrayList<>();
    for (Object each : delivered) {
      try {
        files.add(Base64.getDecoder().decode(String.valueOf(each)));
      } catch (IllegalArgumentException e) {
        throw new AttestationException.BadMessage("an endorsement is not base64");
      }
    }
    return owners.with(Endorsements.of(files));
  }

  private KbsResponse resource(Asked asked) {
    KbsRequest request = asked.request();
    boolean get = request.method().equals("GET");
    Matcher status = STATUS.matcher(request.path());
    if (get && status.matches()) {
      return status(Id128.parse(status.group(1)));
    }
    Matcher path = RESOURCE.matcher(request.path());
    GrantPurpose purpose =
        Optional.of(path)
            .filter(each -> get && each.matches())
            .flatMap(each -> purpose(each.group(2)))
            .orElseThrow(
                () -> new No(NOT_FOUND, "InvalidRequestPath", "there is nothing at this path"));
    Id128 id = Id128.parse(path.group(1));
    requireOwnCookie(asked);
    Sessions.Attested session =
        request
            .cookie()
            .flatMap(cookie -> sessions.takeAttested(cookie, asked.peer()))
            .orElseThrow(
                () ->
                    new No(
                        UNAUTHORIZED,
                        "InvalidCookie",
                        Optional.of(id),
                        "no attested session: it is unknown, had its grant, or is too old"));
    return switch (book.grant(id, purpose, job -> appraise(job, session))) {
      case Release.NoJob _ ->
          throw new No(NOT_FOUND, "ResourceNotFound", Optional.of(id), "there is no job " + id);
      case Release.Denied denied ->
          throw new No(FORBIDDEN, "PolicyDeny", Optional.of(id), denied.reason());
      case Release.Granted granted ->
          new KbsResponse(
              OK, Optional.empty(), sealedGrant(granted.job(), purpose, session.teeKey()));
    };
  }

  /** By the job's own policy, at the instant at which the evidence was verified. */
  private Appraisal appraise(Job job, Sessions.Attested session) {
    AppraisalPolicy policy =
        job.permission()
            .policy()
            .map(
                digest ->
                    usable(digest)
                        .orElseThrow(
                            () ->
                                new No(
                                    FORBIDDEN,
                                    "PolicyDeny",
                                    Optional.of(job.id()),
                                    "the policy of job "
                                        + job.id()
                                        + " is lost or changed: its owner has to grant the job"
                                        + " again with --policy")))
            .orElse(settings.policy());
    return policy.appraise(session.verification(), Optional.of(session.bound()), session.at());
  }

  private void requireOwnCookie(Asked asked) {
    if (asked.request().cookie().filter(id -> sessions.isOfAnother(id, asked.peer())).isPresent()) {
      throw new No(
          UNAUTHORIZED,
          "InvalidCookie",
          "the session was begun from another address: its cookie was stolen");
    }
  }

  private KbsResponse status(Id128 id) {
    Job job =
        book.job(id)
            .orElseThrow(
                () ->
                    new No(
                        NOT_FOUND, "ResourceNotFound", Optional.of(id), "there is no job " + id));
    Map<String, Object> members = new TreeMap<>();
    members.put("job", id.toString());
    members.put("epoch", job.epoch());
    members.put("freshness", job.terms().freshness().wireName());
    members.put("newest", job.newest().map(MirrorId::toString).orElse(Grant.NO_RECORD));
    members.put("state", job.withheld(clock.instant()).orElse("granted"));
    job.permission().until().ifPresent(until -> members.put("until", until.toString()));
    return new KbsResponse(OK, Optional.empty(), Json.write(members));
  }

  /** No session: the MAC shows that the sender had this epoch's grant. */
  private KbsResponse advance(Asked asked) {
    JsonFields message = JsonFields.parse("the advance", asked.request().body());
    Advance advance = Advances.of(message);
    Optional<Id128> id = Optional.of(advance.job());
    Job job =
        book.job(advance.job())
            .orElseThrow(
                () ->
                    new No(NOT_FOUND, "ResourceNotFound", id, "there is no job " + advance.job()));
    try (SecretBytes jobKey = ownerKey.jobKey(advance.job())) {
      if (!Advances.isGenuine(advance, jobKey, message)) {
        throw new No(
            UNAUTHORIZED,
            "InvalidRequest",
            id,
            "an advance that no run of its epoch can have sent");
      }
    }
    Optional<String> withheld = job.withheld(clock.instant());
    if (withheld.isPresent()) {
      throw new No(FORBIDDEN, "PolicyDeny", id, withheld.get());
    }
    Optional<String> conflict = book.advance(advance.job(), advance.epoch(), advance.mirror());
    if (conflict.isPresent()) {
      throw new No(Advance.CONFLICT, "Conflict", id, conflict.get());
    }
    return new KbsResponse(OK, Optional.empty(), Advances.confirm(advance, keys.signingKey()));
  }

  private String sealedGrant(Job job, GrantPurpose purpose, ECPublicKey teeKey) {
    try (Grant grant = Grants.of(ownerKey, job, purpose, keys.brokerKey())) {
      byte[] plain = grant.toBytes();
      try {
        return JweSealer.seal(teeKey, plain);
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
      throw new AttestationException.BadMessage("the tee-pubkey is no P-256 key");
    }
  }

  private KbsResponse refuse(Asked asked, No no) {
    if (no.status == TOO_MANY) {
      return refuseUnread(asked.step(), asked.peer(), no.status, no.getMessage());
    }
    book.refused(new Refused(asked.peer(), asked.step(), no.job, no.getMessage()));
    return refusal(no.status, no.type, no.getMessage());
  }

  private static KbsResponse refusal(int status, String type, String detail) {
    Map<String, Object> members = new TreeMap<>(Map.of("type", ERRORS + type, "detail", detail));
    return new KbsResponse(status, Optional.empty(), Json.write(members));
  }
}
