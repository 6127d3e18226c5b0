package plinius.enclave.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import plinius.boundary.EnclaveMessage.Score;
import plinius.enclave.mirror.MirroredTensor;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;

/**
 * The model that did best on the validation set, in a pool of its own beside the newest one's. A
 * pool like any other, with one tensor more: the value by which the model was judged.
 */
public final class BestModel implements AutoCloseable {
  private static final String VALUE = "best.value";

  private final List<MirroredTensor> model;
  private final float[] kept;
  private final float[] judged = new float[1];
  private final ModelMirror mirror;
  private Optional<Float> before = Optional.empty();

  /**
   * Reads what an earlier run kept, if it did.
   *
   * @param model the tensors of the network
   * @param open opens or makes the pool for these tensors
   */
  public BestModel(List<MirroredTensor> model, Function<List<MirroredTensor>, ModelMirror> open) {
    this.model = model;
    kept = new float[model.stream().mapToInt(MirroredTensor::count).sum()];
    List<MirroredTensor> tensors = new ArrayList<>();
    int at = 0;
    for (MirroredTensor tensor : model) {
      tensors.add(new MirroredTensor(tensor.name(), tensor.shape(), kept, at, tensor.count()));
      at += tensor.count();
    }
    mirror = open.apply(withValue(tensors, judged));
    if (mirror.mirrorIn().isPresent()) {
      before = Optional.of(judged[0]);
    }
  }

  /** The tensors of a pool that holds a best model. */
  public static List<MirroredTensor> withValue(List<MirroredTensor> model) {
    return withValue(model, new float[1]);
  }

  private static List<MirroredTensor> withValue(List<MirroredTensor> model, float[] judged) {
    List<MirroredTensor> tensors = new ArrayList<>(model);
    tensors.add(new MirroredTensor(VALUE, new int[] {1}, judged, 0, 1));
    return List.copyOf(tensors);
  }

  /**
   * Keeps the network's present state if it is better than all before; durable on return.
   *
   * @return whether it is
   */
  boolean keep(Score score, Progress progress) {
    // As it is kept: what was written must not look worse than itself when it is read.
    float value = (float) score.value();
    boolean better = before.isEmpty() || score.metric().better(value, before.get());
    if (!Float.isFinite(value) || !better) { // what is not a number would never be beaten
      return false;
    }
    int at = 0;
    for (MirroredTensor tensor : model) {
      System.arraycopy(tensor.block(), tensor.offset(), kept, at, tensor.count());
      at += tensor.count();
    }
    judged[0] = value;
    mirror.mirrorOut(progress);
    before = Optional.of(value);
    return true;
  }

  @Override
  public void close() {
    mirror.close();
  }
}
