package plinius.evaluation.mirror;

import java.nio.file.Path;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.pmem.Access;
import plinius.pmem.MappedMemory;
import plinius.pmem.WriteBack;
import plinius.romulus.Protocol;
import plinius.seal.SecretBytes;

/** This project's mirror: fresh extents, swapped in one transaction. */
final class MirrorStore implements Store {
  private final String name;
  private final Path file;
  private final WriteBack writeBack;
  private final Model model;
  private final MirrorTerms terms;
  private final ModelMirror mirror;
  private int iteration;

  MirrorStore(String name, Path file, WriteBack writeBack, Model model, SecretBytes key) {
    this.name = name;
    this.file = file;
    this.writeBack = writeBack;
    this.model = model;
    this.terms = Model.terms(key);
    PreparedFile.make(file, ModelMirror.poolBytes(model.tensors()));
    this.mirror =
        ModelMirror.create(
            MappedMemory.open(file, Access.READ_WRITE, writeBack),
            Protocol.PING_PONG,
            terms,
            model.tensors());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void save() {
    iteration++;
    mirror.mirrorOut(new Progress(iteration, 128L * iteration, 1.0));
  }

  /** Opens the pool anew, as after a restart. */
  @Override
  public void restore() {
    try (ModelMirror opened =
        ModelMirror.open(
            MappedMemory.open(file, Access.READ_ONLY, writeBack), terms, model.tensors())) {
      if (opened.mirrorIn().isEmpty()) {
        throw new IllegalStateException("the pool holds no mirror");
      }
    }
  }

  @Override
  public void close() {
    mirror.close();
  }
}
