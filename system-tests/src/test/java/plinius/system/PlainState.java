package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
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

/** A mirrored state in plain: whoever has the owner's key can read it. */
final class PlainState {
  private static final long SEED = 1;

  private PlainState() {}

  static List<float[]> of(World world, Path pm, Map<String, String> settings) {
    Path file = pm.resolve("model.pm");
    try (OwnerKey key = OwnerKey.load(world.key(), () -> new char[0]);
        Workers workers = new Workers(1);
        PersistentMemory memory = MappedMemory.open(file, Access.READ_ONLY, WriteBack.AUTO)) {
      CfgFile cfg = Cfg.parse(Files.readString(world.cfg()), "small.cfg", settings);
      Network network =
          Network.build(cfg, new NetworkOptions(new ScalarKernels(), workers, SEED, true));
      List<MirroredTensor> tensors =
          network.state().stream()
              .map(t -> new MirroredTensor(t.name(), t.shape(), t.block(), t.offset(), t.count()))
              .toList();
      Id128 job = Id128.of(Pool.open(memory).info().identity().jobId());
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
                network.plan(),
                network.shards(),
                digestKey);
        try (ModelMirror mirror = ModelMirror.open(memory, terms, tensors)) {
          assertThat(mirror.mirrorIn()).isPresent();
        }
      }
      return network.state().stream().map(PlaintextTest::values).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
