package plinius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import plinius.pmem.Medium;
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
  /** The largest pool, as docs/design/pmem-format.md says. */
  private static final long POOL_BYTES_MAX = 1L << 46;

  /** The only kind of recovery there is: after a crash nobody knows which lines differ. */
  private static final String WHOLE_TWIN = "whole twin";

  private PmTools() {}

  /** A verb on one pool that prints fields. */
  abstract static class Verb extends JsonVerb {
    @Parameters(paramLabel = "DIR|FILE", description = "A folder given as --pm, or a pool.")
    private Path where;

    /** As it was named: a folder with a pool in it, or the pool. */
    final Path where() {
      return where;
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
        throw UnlockedPool.refusal(file(), damaged);
      } catch (PoolFile.InUse inUse) {
        throw new Refusal(ExitCode.IN_USE, inUse.getMessage());
      }
      if (wantsJson()) {
        JsonLines.write(fields);
      } else {
        fields.forEach((name, value) -> Terminal.out().printf("%-18s %s%n", name, value));
      }
      return ExitCode.DONE.code();
    }

    abstract void run(Path file, Map<String, Object> fields);

    static PoolStructure structure(Path file) {
      requirePool(file);
      return UnlockedPool.read(file, PoolStructure::read);
    }
  }

  /** Whether there is a file with anything in it; whether that is a pool its content says. */
  static void requirePool(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          "there is no pool "
              + file
              + (Files.exists(file) ? ", which is no file" : "")
              + "; `plinius train` makes one in the folder of --pm, `plinius pm create` an empty"
              + " one");
    }
    try {
      if (Files.size(file) == 0) {
        throw new Refusal(ExitCode.BAD_INPUT, file + " is empty, and no pool");
      }
    } catch (IOException e) {
      throw new Refusal(ExitCode.MEDIUM, "cannot read " + file + ": " + Failures.why(e));
    }
  }

  /** What a verb that writes asks of the medium. */
  private static final class MediumOptions {
    @Option(
        names = "--write-back",
        paramLabel = "HOW",
        converter = Choices.InstructionConverter.class,
        description = {
          "clwb, clflushopt, clflush, unsafe (the virtual machine's own), msync, or auto",
          "(default): the best there is."
        })
    private WriteBack writeBack = WriteBack.AUTO;

    @Option(
        names = "--require",
        paramLabel = "WHAT",
        converter = Choices.SurvivesConverter.class,
        description = "power-loss: refuses a medium that survives the process's death only.")
    private Survives require = Survives.PROCESS_DEATH;

    PoolFile.Options options() {
      return PoolFile.Options.writing().writeBack(writeBack).require(require);
    }
  }

  /** What the pool lies on. */
  static void putMedium(Map<String, Object> fields, Medium medium) {
    fields.put("medium", medium.kind().name().toLowerCase(Locale.ROOT));
    fields.put("writeBack", medium.writeBack().option());
    fields.put("promise", medium.promise());
  }

  /** What a verb did to a pool. */
  private static void putWork(Map<String, Object> fields, PoolStats stats) {
    fields.put("commits", stats.commits());
    fields.put("aborts", stats.aborts());
    fields.put("fences", stats.pfences());
    fields.put("writtenBackLines", stats.writtenBackBytes() / PersistentMemory.LINE_BYTES);
    fields.put("cutOvers", stats.cutOvers());
    fields.put("recovery", stats.recoveredBytes() == 0 ? "none" : WHOLE_TWIN);
    fields.put("recoveredBytes", stats.recoveredBytes());
    fields.put("recoveryMicros", stats.recoveryNanos() / 1000);
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

    @Mixin private MediumOptions medium;

    @Override
    void run(Path file, Map<String, Object> fields) {
      if (size.bytes() < PoolFile.BYTES_MIN || size.bytes() > POOL_BYTES_MAX) {
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
      try (PoolFile pool = PoolFile.create(file, size.bytes(), protocol, medium.options())) {
        PoolInfo info = pool.pool().info();
        fields.put("protocol", info.protocol().option());
        fields.put("poolBytes", info.poolBytes());
        fields.put("twinBytes", info.twinBytes());
        fields.put("extentAreaBytes", info.extentAreaBytes());
        putMedium(fields, info.medium());
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

    @Mixin private MediumOptions medium;

    @Override
    void run(Path file, Map<String, Object> fields) {
      requirePool(file);
      // Before it is opened for writing, and so before anything is written.
      check(file, UnlockedPool.info(file));
      try (PoolFile pool = PoolFile.open(file, medium.options().growing())) {
        fields.put("poolBytesBefore", pool.pool().info().poolBytes());
        pool.pool().grow(by.bytes());
        PoolInfo info = pool.pool().info();
        fields.put("poolBytes", info.poolBytes());
        fields.put("extentAreaBytes", info.extentAreaBytes());
        putMedium(fields, info.medium());
        putWork(fields, pool.pool().stats());
      }
    }

    private void check(Path file, PoolInfo info) {
      long bytesMax = POOL_BYTES_MAX - info.poolBytes();
      if (by.bytes() < 1 || by.bytes() > bytesMax) {
        throw new Refusal(
            ExitCode.USAGE,
            "--by %d: 1 to %d bytes, for %s has %d, and a pool at most 2^46"
                .formatted(by.bytes(), bytesMax, file, info.poolBytes()));
      }
      // A new map replaces the old one, 2 bits a page. The pool asks this too, but not before its
      // recovery has written.
      long mapBytes =
          (info.extentAreaBytes() + by.bytes()) / PersistentMemory.PAGE_BYTES / Byte.SIZE * 2;
      if (mapBytes > info.heapFreeBytes()) {
        throw new Refusal(
            ExitCode.MEDIUM,
            "--by %d: the map of so many pages takes %d bytes of the twins of %s, where %d are free; create a larger pool instead"
                .formatted(by.bytes(), mapBytes, file, info.heapFreeBytes()));
      }
      try {
        long missing = info.poolBytes() + by.bytes() - Files.size(file);
        long free = PoolFile.freeBytes(file);
        if (missing > free) {
          throw new Refusal(
              ExitCode.MEDIUM,
              "--by %d: the medium of %s has only %d bytes free".formatted(by.bytes(), file, free));
        }
      } catch (IOException e) {
        throw new Refusal(ExitCode.MEDIUM, "cannot read " + file + ": " + Failures.why(e));
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
      PoolStructure found = structure(file);
      PoolStructure.Recovery recovery = found.recovery();
      fields.put("state", found.state());
      fields.put("recovery", WHOLE_TWIN);
      fields.put("believedTwin", recovery.from());
      fields.put("replacedTwin", recovery.to());
      fields.put("copiedBytes", recovery.copiedBytes());
      fields.put("differingLines", recovery.differingLines());
    }
  }
}
