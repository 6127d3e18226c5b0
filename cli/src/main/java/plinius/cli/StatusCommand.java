package plinius.cli;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.attestation.kbs.Grant;
import plinius.attestation.kbs.MirrorId;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage.KbsCall;
import plinius.boundary.HostMessage;
import plinius.broker.Broker;
import plinius.broker.Job;
import plinius.host.BrokerLink;
import plinius.romulus.PoolInfo;
import plinius.seal.Id128;
import plinius.seal.SealException;
import plinius.seal.jose.Json;

/** How a job stands, for its owner and for its operator. */
@Command(
    name = "status",
    description = {
      "Prints how a job stands: runs, the newest mirror that the broker knows of, whether its keys",
      "may go out. The owner asks the record beside the key, the operator the broker; with --pm it",
      "says as well how the pool there stands to that."
    })
final class StatusCommand extends JsonVerb {
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int INTERNAL = 500;

  @Parameters(paramLabel = "JOB", description = "The job's id; with --key its name as well.")
  private String job;

  @ArgGroup(multiplicity = "1")
  private KeySource source;

  @Option(names = "--pm", paramLabel = "DIR", description = "The folder of the job's pool.")
  private Path pm;

  @Override
  public Integer call() {
    Map<String, Object> fields =
        source.owner == null
            ? ofBroker(source.broker.url(), source.broker.pin())
            : BrokerVerbs.with(
                source.owner,
                (_, records) -> ofRecord(BrokerVerbs.find(records, job), Instant.now()));
    Optional.ofNullable(pm).ifPresent(folder -> comparePool(fields, folder));
    if (wantsJson()) {
      JsonLines.write(fields);
    } else {
      fields.forEach((name, value) -> Terminal.out().printf("%-10s %s%n", name, value));
    }
    return ExitCode.DONE.code();
  }

  private static Map<String, Object> ofRecord(Job found, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("job", found.id().toString());
    found.terms().name().ifPresent(name -> fields.put("name", name));
    fields.put("state", found.withheld(now).orElse("granted"));
    fields.put("epoch", found.epoch());
    fields.put("newest", found.newest().map(MirrorId::toString).orElse(Grant.NO_RECORD));
    fields.put("freshness", found.terms().freshness().wireName());
    fields.put("policy", found.permission().policy().orElse("of the broker"));
    found.permission().until().ifPresent(until -> fields.put("until", until.toString()));
    if (found.replan() != 0) {
      fields.put("replan", "kernels " + found.replan());
    }
    fields.put("seed", found.terms().seed());
    fields.put("cfg", found.terms().cfgDigest().hex());
    fields.put("data", found.terms().dataSets().stream().map(Id128::toString).toList());
    return fields;
  }

  private Map<String, Object> ofBroker(URI url, String pin) {
    if (!job.matches("[0-9a-f]{32}")) {
      throw new Refusal(
          ExitCode.USAGE, "the broker is asked by the job's id, 32 hexadecimal digits, got " + job);
    }
    try (BrokerLink link = new BrokerLink(url, pin)) {
      KbsCall call =
          new KbsCall("GET", Broker.STATUS_PATH + job, Optional.empty(), Bytes.of(new byte[0]));
      return switch (link.carry(call)) {
        case HostMessage.KbsReply reply -> answer(url, reply);
        case HostMessage.KbsUnreachable no -> throw new Refusal(ExitCode.UNAVAILABLE, no.reason());
        default -> throw new IllegalStateException("a call is answered by a reply");
      };
    }
  }

  private static Map<String, Object> answer(URI url, HostMessage.KbsReply reply) {
    Map<String, Object> members;
    String detail;
    try {
      members = Json.parseObject(new String(reply.body().array(), StandardCharsets.UTF_8));
      if (reply.status() == OK) {
        return new LinkedHashMap<>(members);
      }
      detail = Json.string(members, "detail");
    } catch (SealException e) {
      throw new Refusal(
          ExitCode.UNAVAILABLE,
          "%s does not answer as a broker does (status %d)".formatted(url, reply.status()),
          e);
    }
    String broker = "the broker at " + url;
    if (reply.status() == NOT_FOUND) {
      throw new Refusal(ExitCode.BAD_INPUT, broker + " says: " + detail);
    }
    if (reply.status() >= INTERNAL) {
      throw new Refusal(
          ExitCode.INTERNAL, broker + " failed: " + detail + ". Its own output says why");
    }
    throw new Refusal(ExitCode.REFUSED, broker + " refuses: " + detail);
  }

  private static void comparePool(Map<String, Object> fields, Path folder) {
    Optional<PoolInfo> pool = UnlockedPool.infoIn(folder);
    if (pool.isEmpty()) {
      fields.put("pool", "none in " + folder);
      return;
    }
    String id = pool.get().identity().jobId();
    if (!id.equals(fields.get("job"))) {
      fields.put("pool", "of job " + id);
      return;
    }
    fields.put("pool", "of this job, after " + pool.get().sequence() + " transactions");
  }
}
