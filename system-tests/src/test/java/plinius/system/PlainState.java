package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.owner.OwnerKey;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.PersistentMemory;
import plinius.pmem.WriteBack;
import plinius.reference.ScalarKernels;
import plinius.romulus.Pool;
import plinius.seal.Id128;
import plinius.seal.SecretBytes;

/** A mirrored state in plain: whoever has the owner's key can read it, and mirror it again. */
final class PlainState {
  private static final long SEED = 1;

  private PlainState() {}

  static List<float[]> of(World world, Path pm, Map<String, String> settings) {
    return open(
        world,
        pm,
        settings,
        plan(Kernels.VERSION),
        Access.READ_ONLY,
        (mirror, network) -> {
          assertThat(mirror.mirrorIn()).isPresent();
          return network.state().stream().map(PlaintextTest::values).toList();
        });
  }

  /** How kernels of a version that did not yet write more into it named their plan. */
  static String plan(int version) {
    return "kernels " + version + ", shards 8";
  }

  /**
   * Mirrors the state once more, as kernels of another version would have, with an enclave that was
   * theirs.
   */
  static void mirrorByKernels(World world, Path pm, int version) {
    open(
        world,
        pm,
        Map.of(),
        plan(version),
        Access.READ_WRITE,
        (mirror, _) -> {
          Progress progress = mirror.mirrorIn().orElseThrow();
          mirror.mirrorOut(progress);
          return progress;
        });
  }

  /** Whatever plan the mirror has, the next one has this. */
  private static <T> T open(
      World world,
      Path pm,
      Map<String, String> settings,
      String plan,
      Access access,
      BiFunction<ModelMirror, Network, T> body) {
    Path file = pm.resolve("model.pm");
    try (OwnerKey key = OwnerKey.load(world.key(), () -> new char[0]);
        Workers workers = new Workers(1);
        PersistentMemory memory = MappedMemory.open(file, access, WriteBack.AUTO)) {
      CfgFile cfg = Cfg.parse(Files.readString(world.cfg()), "small.cfg", settings);
      Network network =
          Network.build(cfg, new NetworkOptions(new ScalarKernels(), workers, SEED, true));
      List<MirroredTensor> tensors =
          network.state().stream()
              .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
              .toList();
      Id128 job = Id128.parse(Pool.open(memory).info().identity().jobId());
      try (SecretBytes jobKey = key.jobKey(job);
          SecretBytes digestKey = key.digestKey(SEED)) {
        MirrorTerms terms =
            new MirrorTerms(
                job,
                key.id(),
                jobKey,
                1,
                cfg.canonical(),
                SEED,
                plan,
                network.shards(),
                true,
                digestKey);
        try (ModelMirror mirror = ModelMirror.open(memory, terms, tensors)) {
          return body.apply(mirror, network);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
