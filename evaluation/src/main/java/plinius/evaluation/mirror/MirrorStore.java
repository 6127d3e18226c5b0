package plinius.evaluation.mirror;

import java.nio.file.Path;
import java.util.Optional;
import plinius.enclave.mirror.MirrorTerms;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.kernel.Workers;
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
  private final Workers workers;
  private final ModelMirror mirror;
  private Optional<ModelMirror> opened = Optional.empty();
  private int iteration;

  /**
   * A mirror of a model.
   *
   * @param workers who share the work of sealing and unsealing; the caller closes them
   */
  MirrorStore(
      String name, Path file, WriteBack writeBack, Model model, SecretBytes key, Workers workers) {
    this.name = name;
    this.file = file;
    this.writeBack = writeBack;
    this.model = model;
    this.terms = Model.terms(key);
    this.workers = workers;
    PreparedFile.make(file, ModelMirror.poolBytes(model.tensors()));
    this.mirror =
        ModelMirror.create(
                MappedMemory.open(file, Access.READ_WRITE, writeBack),
                Protocol.PING_PONG,
                terms,
                model.tensors())
            .sharedBy(workers);
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
    release();
    ModelMirror mirrored =
        ModelMirror.open(
            MappedMemory.open(file, Access.READ_ONLY, writeBack), terms, model.tensors());
    opened = Optional.of(mirrored);
    if (mirrored.sharedBy(workers).mirrorIn().isEmpty()) {
      throw new IllegalStateException("the pool holds no mirror");
    }
  }

  @Override
  public void release() {
    opened.ifPresent(ModelMirror::close);
    opened = Optional.empty();
  }

  @Override
  public void close() {
    release();
    mirror.close();
  }
}
