package plinius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.PoolException;
import plinius.romulus.PoolInfo;
import plinius.romulus.PoolStats;
import plinius.romulus.Protocol;
import plinius.store.PoolFile;
import plinius.store.PoolStructure;
import plinius.store.Survives;

/** The verbs of `pm` for pools as such: their structure, which needs no key. */
final class PmTools {
  private PmTools() {}

  /** A verb on one pool that prints fields. */
  abstract static class Verb implements Callable<Integer>, JsonErrors {
    @Parameters(paramLabel = "DIR|FILE", description = "A folder given as --pm, or a pool.")
    private Path where;

    @Option(names = "--json", description = "One JSON object on standard output.")
    private boolean json;

    @Override
    public boolean wantsJson() {
      return json;
    }

    final Path file() {
      return Files.isDirectory(where) ? where.resolve(PoolFile.MODEL) : where;
    }

    @Override
    public Integer call() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("pool", file().toString());
      try {
        run(file(), fields);
      } catch (PoolException damaged) {
        // A pool does not know its file's name.
        throw new Refusal(Failures.code(damaged), file() + ": " + damaged.getMessage());
      } catch (PoolFile.InUse inUse) {
        throw new Refusal(ExitCode.IN_USE, inUse.getMessage());
      }
      if (json) {
        JsonLines.write(fields);
      } else {
        fields.forEach((name, value) -> Terminal.out().printf("%-18s %s%n", name, value));
      }
      return ExitCode.DONE.code();
    }

    abstract void run(Path file, Map<String, Object> fields);

    /** Looks at a pool without a lock that others would have to wait for. */
    static PoolStructure structure(Path file) {
      if (!Files.isRegularFile(file)) {
        throw new Refusal(
            ExitCode.BAD_INPUT, "there is no pool " + file + "; `plinius pm create` makes one");
      }
      try (PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
        return PoolStructure.read(memory);
      }
    }
  }

  /** An empty pool. */
  @Command(
      name = "create",
      description = {
        "Makes an empty pool that belongs to nobody, for programs that use the library;",
        "`train` makes its own. It appears when it is complete, or not at all."
      })
  static final class Create extends Verb {
    @Option(
        names = "--size",
        required = true,
        paramLabel = "SIZE",
        converter = ByteSize.Converter.class,
        description = "Bytes of the file; K, M, G are powers of 1024.")
    private ByteSize size;

    @Option(
        names = "--protocol",
        paramLabel = "NAME",
        converter = Choices.PoolProtocolConverter.class,
        description = "ping-pong (default) or romulus.")
    private Protocol protocol = Protocol.PING_PONG;

    @Option(
        names = "--write-back",
        paramLabel = "HOW",
        converter = Choices.InstructionConverter.class,
        description =
            "clwb, clflushopt, clflush, unsafe, msync, or auto (default): the best there is.")
    private WriteBack writeBack = WriteBack.AUTO;

    @Option(
        names = "--require",
        paramLabel = "WHAT",
        converter = Choices.SurvivesConverter.class,
        description = "power-loss: refuses a medium that survives the process's death only.")
    private Survives require = Survives.PROCESS_DEATH;

    @Override
    void run(Path file, Map<String, Object> fields) {
      if (size.bytes() < PoolFile.BYTES_MIN || size.bytes() > 1L << 46) {
        throw new Refusal(
            ExitCode.USAGE,
            "--size "
                + size.bytes()
                + ": a pool has at least "
                + PoolFile.BYTES_MIN
                + " bytes and at most 2^46");
      }
      if (Files.exists(file)) {
        throw new Refusal(
            ExitCode.BAD_INPUT, file + " exists; choose another name, or remove it first");
      }
      if (!Files.isDirectory(file.toAbsolutePath().getParent())) {
        throw new Refusal(
            ExitCode.BAD_INPUT, "there is no folder " + file.toAbsolutePath().getParent());
      }
      PoolFile.Options options = PoolFile.Options.writing().writeBack(writeBack).require(require);
      try (PoolFile pool = PoolFile.create(file, size.bytes(), protocol, options)) {
        PoolInfo info = pool.pool().info();
        fields.put("protocol", info.protocol().option());
        fields.put("poolBytes", info.poolBytes());
        fields.put("twinBytes", info.twinBytes());
        fields.put("extentAreaBytes", info.extentAreaBytes());
        fields.put("medium", info.medium().kind().name().toLowerCase(Locale.ROOT));
        fields.put("writeBack", info.medium().writeBack().option());
        fields.put("promise", info.medium().promise());
      }
    }
  }

  /** Whether a pool is sound. */
  @Command(
      name = "verify",
      description = {
        "Checks the structure of the committed state: header, word, blocks, lists, roots, extents.",
        "Needs no key, writes nothing. What is in the blocks only `train` and `test` authenticate."
      })
  static final class Verify extends Verb {
    @Override
    void run(Path file, Map<String, Object> fields) {
      PoolStructure found = structure(file);
      fields.put("structure", "sound");
      fields.put("state", found.state());
      fields.put("sequence", found.info().sequence());
      fields.put("usedBlocks", sum(found.usedBlocks()));
      fields.put("freeBlocks", sum(found.freeBlocks()));
      fields.put("extents", found.extents().size());
      fields.put("roots", found.roots().size());
    }
  }

  private static long sum(Map<Long, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** What lies where. */
  @Command(
      name = "dump",
      description = {
        "Prints what lies where in the committed state: blocks by size, roots, extents.",
        "No contents; needs no key, writes nothing."
      })
  static final class Dump extends Verb {
    @Override
    void run(Path file, Map<String, Object> fields) {
      PoolStructure found = structure(file);
      fields.put("state", found.state());
      fields.put("poolBytes", found.info().poolBytes());
      fields.put("twinBytes", found.info().twinBytes());
      fields.put("roots", found.roots().stream().map(PmTools::describe).toList());
      fields.put("usedBlocks", counts(found.usedBlocks()));
      fields.put("freeBlocks", counts(found.freeBlocks()));
      fields.put("extents", extents(found.extents()));
    }
  }

  private static Map<String, Object> describe(PoolStructure.Root root) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", root.name());
    fields.put("ref", root.ref());
    fields.put("bytes", root.bytes());
    return fields;
  }

  private static Map<String, Long> counts(Map<Long, Long> bySize) {
    return bySize.entrySet().stream()
        .collect(
            Collectors.toMap(
                size -> size.getKey().toString(),
                Map.Entry::getValue,
                (a, b) -> a,
                LinkedHashMap::new));
  }

  private static List<Map<String, Object>> extents(List<PoolStructure.Run> runs) {
    return runs.stream()
        .map(
            run -> {
              Map<String, Object> fields = new LinkedHashMap<>();
              fields.put("offset", run.offset());
              fields.put("bytes", run.bytes());
              return fields;
            })
        .toList();
  }

  /** More room. */
  @Command(
      name = "grow",
      description = {
        "Appends room for extents to a pool that nobody has open. Structure only: needs no key.",
        "Twins keep their size. A crash in between leaves the pool as it was, in a longer file."
      })
  static final class Grow extends Verb {
    @Option(
        names = "--by",
        required = true,
        paramLabel = "SIZE",
        converter = ByteSize.Converter.class,
        description = "Bytes to append; K, M, G are powers of 1024.")
    private ByteSize by;

    @Override
    void run(Path file, Map<String, Object> fields) {
      if (by.bytes() < 1 || by.bytes() > 1L << 46) {
        throw new Refusal(ExitCode.USAGE, "--by " + by.bytes() + ": 1 to 2^46 bytes");
      }
      if (!Files.isRegularFile(file)) {
        throw new Refusal(
            ExitCode.BAD_INPUT, "there is no pool " + file + "; `plinius pm create` makes one");
      }
      try (PoolFile pool = PoolFile.open(file, PoolFile.Options.writing().growing())) {
        fields.put("poolBytesBefore", pool.pool().info().poolBytes());
        pool.pool().grow(by.bytes());
        PoolInfo info = pool.pool().info();
        PoolStats stats = pool.pool().stats();
        fields.put("poolBytes", info.poolBytes());
        fields.put("extentAreaBytes", info.extentAreaBytes());
        fields.put("recoveredBytes", stats.recoveredBytes());
        fields.put("recoveryMicros", stats.recoveryNanos() / 1000);
        fields.put("fences", stats.pfences());
      }
    }
  }

  /** What recovery would do. */
  @Command(
      name = "recover",
      description = {
        "Says what the first update after a crash would do. Structure only: needs no key.",
        "Recovery itself is done by `train`, which authenticates the state first."
      })
  static final class Recover extends Verb {
    @Option(names = "--dry-run", description = "Looks only, as this verb always does.")
    private boolean dryRun;

    @Override
    void run(Path file, Map<String, Object> fields) {
      if (!dryRun) {
        throw new Refusal(
            ExitCode.USAGE,
            "pm recover only says what would be done: add --dry-run. Recovery itself is part of"
                + " `plinius train`, which authenticates the state before it writes");
      }
      PoolStructure.Recovery recovery = structure(file).recovery();
      fields.put("state", structure(file).state());
      fields.put("believedTwin", recovery.from());
      fields.put("replacedTwin", recovery.to());
      fields.put("copiedBytes", recovery.copiedBytes());
      fields.put("differingLines", recovery.differingLines());
    }
  }
}
