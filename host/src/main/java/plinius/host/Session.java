package plinius.host;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import plinius.boundary.BoundaryException;
import plinius.boundary.Bytes;
import plinius.boundary.Channel;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.EnclaveMessage.Answered;
import plinius.boundary.EnclaveMessage.Done;
import plinius.boundary.EnclaveMessage.Failed;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.KbsCall;
import plinius.boundary.EnclaveMessage.NeedPool;
import plinius.boundary.EnclaveMessage.Notice;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.boundary.EnclaveMessage.Ready;
import plinius.boundary.EnclaveMessage.Replanned;
import plinius.boundary.EnclaveMessage.Result;
import plinius.boundary.EnclaveMessage.Resumed;
import plinius.boundary.EnclaveMessage.SealedRestart;
import plinius.boundary.EnclaveMessage.Started;
import plinius.boundary.EnclaveMessage.Stopped;
import plinius.boundary.EnclaveMessage.Tested;
import plinius.boundary.EnclaveMessage.Validated;
import plinius.boundary.HostMessage;
import plinius.boundary.HostMessage.Begin;
import plinius.boundary.HostMessage.DataFile;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.PoolReady;
import plinius.boundary.HostMessage.Setting;
import plinius.boundary.HostMessage.Stop;
import plinius.host.HostArguments.Data;
import plinius.host.KillAt.Point;

/** One run of the enclave, from its start to the exit code. */
final class Session implements AutoCloseable {
  /** What the enclave is started with; its measurement covers this. */
  static final List<String> ENCLAVE_ARGUMENTS =
      List.of("-m", "plinius.enclave/plinius.enclave.Main");

  private static final int RESUMABLE = 75;

  private final HostArguments arguments;
  private final Report report;
  private final PoolDirectory directory;
  private final BrokerLink broker;

  /** Guards the start of the enclave against a stop or the parent's end at the same time. */
  private final Object startLock = new Object();

  private boolean begun;
  private boolean ending;
  private Process enclave;
  private Channel<HostMessage, EnclaveMessage> channel;

  private volatile boolean stopRequested;

  /** Set by Done, Stopped, Tested, Answered and Failed. */
  private Optional<Integer> verdict = Optional.empty();

  private boolean ready;
  private int iteration;
  private Optional<PhaseBegan> struck = Optional.empty();
  private boolean struckInside;

  /** What the enclave answers, once it does. */
  private ResultFile result;

  Session(HostArguments arguments, Report report) {
    this.arguments = arguments;
    this.report = report;
    directory = PoolDirectory.open(arguments.pm(), arguments.mode() == Mode.TRAIN);
    broker = new BrokerLink(arguments.broker(), arguments.pin());
  }

  int run() {
    String cfgText = readCfg(arguments.cfg());
    if (arguments.fresh()) {
      directory.setPoolsAside();
    }
    startEnclave(); // It warms up while the data is loaded.
    report.processes(ProcessHandle.current().pid(), enclave.pid());
    if (arguments.mode() == Mode.TRAIN) {
      List<Data> sets = new ArrayList<>();
      sets.add(arguments.data());
      arguments.valid().ifPresent(sets::add);
      for (Data set : sets) {
        String name = set.file().getFileName().toString();
        if (!directory.load(set, (bytes, of) -> loading(name, bytes, of), () -> stopRequested)) {
          report.failed(RESUMABLE, "stopped while loading data; the same command starts it again");
          return RESUMABLE;
        }
      }
    }
    begin(cfgText);
    converse();
    return conclude();
  }

  private static String readCfg(Path cfg) {
    try {
      return Files.readString(cfg, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new HostException.BadInput(
          "cannot read the configuration " + cfg + ": " + HostException.why(e), e);
    }
  }

  private void startEnclave() {
    Path java = arguments.image().toAbsolutePath().resolve("bin/java");
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(ENCLAVE_ARGUMENTS);
    ProcessBuilder builder = new ProcessBuilder(command);
    // JAVA_TOOL_OPTIONS and its like would reach the enclave; it refuses to start with any.
    builder.environment().clear();
    synchronized (startLock) {
      if (ending) {
        throw new HostException.Internal("the parent ended before the enclave began", null);
      }
      try {
        enclave = builder.start();
      } catch (IOException e) {
        throw new HostException.Internal(
            "cannot start the enclave " + java + "; build its image first: " + HostException.why(e),
            e);
      }
      Thread.ofPlatform().daemon().name("enclave's errors").start(this::passOnErrors);
      InputStream said = enclave.getInputStream();
      OutputStream told = enclave.getOutputStream();
      if (arguments.recordBorder().isPresent()) {
        BorderRecord record = BorderRecord.to(arguments.recordBorder().get());
        said = record.of(said);
        told = record.of(told);
      }
      channel =
          new Channel<>(
              new DataInputStream(new BufferedInputStream(said)),
              told,
              HostCodec::encode,
              HostCodec::decode);
    }
  }

  /** All but the line by which every JVM with the vector module greets its user. */
  private void passOnErrors() {
    try (BufferedReader errors = enclave.errorReader()) {
      errors
          .lines()
          .filter(line -> !line.startsWith("WARNING: Using incubator modules"))
          .forEach(System.err::println);
    } catch (IOException | UncheckedIOException e) {
      // The enclave is gone, and its last words with it.
    }
  }

  private void begin(String cfgText) {
    List<Setting> settings = new ArrayList<>();
    arguments.settings().forEach((key, value) -> settings.add(new Setting(key, value)));
    settings.sort((a, b) -> a.key().compareTo(b.key()));
    Begin begin =
        new Begin(
            arguments.mode(),
            arguments.cfg().getFileName().toString(),
            cfgText,
            settings,
            dataFile(arguments.data()),
            arguments.valid().map(this::dataFile),
            arguments.query(),
            directory.pool().toString(),
            directory.best().toString(),
            directory.lockFile().toString(),
            arguments
                .platform()
                .map(folder -> SimulatedMachine.made(folder).toAbsolutePath().toString())
                .orElse(""),
            Bytes.of(HexFormat.of().parseHex(arguments.job())),
            arguments.threads(),
            arguments.mirrorEvery(),
            arguments.validEvery(),
            arguments.iterations(),
            arguments.writeBack(),
            arguments.protocol(),
            arguments.poolBytes(),
            directory.restartCache(),
            arguments.killAt().isPresent());
    try {
      channel.send(begin);
    } catch (BoundaryException.Broken e) {
      // It died early; the conversation that follows finds its last words, if it had any.
    }
    synchronized (startLock) {
      begun = true;
    }
    if (stopRequested) {
      requestStop();
    }
  }

  /** Trains from persistent memory; tests from the file, because a test loads nothing. */
  private DataFile dataFile(Data set) {
    Path path =
        arguments.mode() == Mode.TRAIN ? directory.dataFile(set.id()) : set.file().toAbsolutePath();
    return new DataFile(set.file().getFileName().toString(), path.toString());
  }

  private void loading(String name, long bytes, long of) {
    report.loading(name, bytes, of);
    arguments
        .killAt()
        .filter(at -> at.point() == Point.LOAD && bytes >= at.fraction() * of)
        .ifPresent(_ -> killMyself());
  }

  private void converse() {
    for (; ; ) {
      Optional<EnclaveMessage> received;
      try {
        received = channel.receive();
      } catch (BoundaryException.Broken e) {
        return;
      }
      if (received.isEmpty()) {
        return;
      }
      handle(received.get());
    }
  }

  private void handle(EnclaveMessage message) {
    switch (message) {
      case Ready m -> {
        ready = true;
        report.ready(m);
      }
      case KbsCall m -> answer(broker.carry(m));
      case NeedPool m -> {
        directory.createPool(m.best() ? directory.best() : directory.pool(), m.bytes());
        answer(new PoolReady());
      }
      case Started m -> report.started(arguments.job(), m);
      case Resumed m -> {
        iteration = m.iteration();
        ended(Phase.MIRROR_IN);
        if (arguments.mode() == Mode.TRAIN) {
          report.resumed(arguments.job(), m);
        }
      }
      case Replanned m -> report.replanned(m);
      case PhaseBegan m -> phaseBegan(m);
      case IterationDone m -> {
        iteration = m.iteration();
        ended(Phase.MIRROR_OUT);
        report.iteration(m);
        arguments
            .killAt()
            .filter(at -> at.point() == Point.ITERATION && m.iteration() >= at.iteration())
            .ifPresent(_ -> strike(new PhaseBegan(Phase.MIRROR_OUT, m.iteration()), false));
      }
      case Validated m -> report.validated(m);
      case Tested m -> {
        report.tested(m);
        verdict = Optional.of(0);
      }
      case Result m -> result().add(m.sealed());
      case Answered m -> {
        result().complete();
        report.answered(m, arguments.out().orElseThrow());
        verdict = Optional.of(0);
      }
      case Done m -> {
        report.done(m.iteration(), HexFormat.of().formatHex(m.state().array()));
        verdict = Optional.of(0);
      }
      case Stopped m -> {
        report.stopped(m.iteration(), HexFormat.of().formatHex(m.state().array()));
        verdict = Optional.of(RESUMABLE);
      }
      case Failed m -> {
        ended(Phase.MIRROR_IN);
        report.failed(m.code(), m.reason());
        verdict = Optional.of(m.code());
      }
      case SealedRestart m -> directory.keepRestartCache(m.sealed());
      case Notice m -> report.notice(m.text());
    }
  }

  private ResultFile result() {
    if (result == null) {
      result =
          new ResultFile(
              arguments
                  .out()
                  .orElseThrow(
                      () -> new HostException.Internal("the enclave answers unasked", null)));
    }
    return result;
  }

  private void answer(HostMessage message) {
    try {
      channel.send(message);
    } catch (BoundaryException.Broken e) {
      // The enclave is dead; the next receive says so.
    }
  }

  private void phaseBegan(PhaseBegan began) {
    if (began.phase() == Phase.MIRROR_OUT) {
      ended(Phase.RECOVERY);
    }
    arguments
        .killAt()
        .filter(
            at ->
                switch (at.point()) {
                  case MIRROR_OUT ->
                      began.phase() == Phase.MIRROR_OUT && began.iteration() >= at.iteration();
                  case MIRROR_IN -> began.phase() == Phase.MIRROR_IN;
                  case RECOVERY -> began.phase() == Phase.RECOVERY;
                  case ITERATION, LOAD -> false;
                })
        .ifPresent(_ -> strike(began, true));
  }

  private void strike(PhaseBegan at, boolean inside) {
    if (struck.isEmpty()) {
      enclave.destroyForcibly();
      struck = Optional.of(at);
      struckInside = inside;
    }
  }

  /** A message that follows the phase was still sent: the blow came after its end. */
  private void ended(Phase phase) {
    if (struck.isPresent() && struck.get().phase() == phase) {
      struckInside = false;
    }
  }

  private int conclude() {
    int exit = waitForEnclave();
    if (verdict.isPresent()) {
      return verdict.get();
    }
    if (struck.isPresent()) {
      report.killed(
          arguments.killAt().orElseThrow().toString(), struck.get().iteration(), struckInside);
      return RESUMABLE;
    }
    if (!ready) {
      report.failed(70, "the enclave ended with " + exit + " before it was ready");
      return 70;
    }
    report.failed(
        RESUMABLE,
        "the enclave died ("
            + (exit > 128 ? "signal " + (exit - 128) : "exit code " + exit)
            + ") after iteration "
            + iteration
            + "; the same command resumes from the last mirror");
    return RESUMABLE;
  }

  private int waitForEnclave() {
    try {
      if (!enclave.waitFor(10, TimeUnit.SECONDS)) {
        enclave.destroyForcibly();
      }
      return enclave.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  /** Finish the iteration, mirror, end. Called from any thread. */
  void requestStop() {
    stopRequested = true;
    boolean send;
    synchronized (startLock) {
      send = begun;
    }
    if (send) {
      answer(new Stop());
    }
  }

  /** At once, and for good. Called from any thread. */
  void killEnclave() {
    synchronized (startLock) {
      ending = true;
      if (enclave != null) {
        enclave.destroyForcibly();
      }
    }
  }

  /** A process cannot send itself SIGKILL from Java. */
  private static void killMyself() {
    try {
      new ProcessBuilder("/bin/sh", "-c", "kill -9 " + ProcessHandle.current().pid())
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new HostException.Internal(
          "cannot run /bin/sh to kill this process: " + HostException.why(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The enclave outlives the host in no case. */
  @Override
  public void close() {
    killEnclave();
    if (result != null) {
      result.close();
    }
    broker.close();
    directory.close();
  }
}
