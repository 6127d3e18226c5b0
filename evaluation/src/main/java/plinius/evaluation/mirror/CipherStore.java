package plinius.evaluation.mirror;

import java.util.HashMap;
import java.util.Map;
import plinius.kernel.Workers;
import plinius.seal.SecretBytes;

/**
 * The cipher alone: each part sealed into a lane's own buffer, and one part of each size unsealed
 * over and over. No medium, and nothing from far away but the model.
 */
final class CipherStore implements Store {
  private final Buffers buffers;

  /** A sealed part of each size that there is. */
  private final Map<Integer, byte[]> samples = new HashMap<>();

  CipherStore(Model model, SecretBytes key, Workers workers) {
    this.buffers = new Buffers(model, key, workers);
    for (Buffers.Part part : buffers.parts()) {
      samples.computeIfAbsent(part.sealedBytes(), any -> buffers.lane().seal(part).clone());
    }
  }

  @Override
  public String name() {
    return "cipher only";
  }

  @Override
  public void save() {
    buffers.share(Buffers.Lane::seal);
  }

  @Override
  public void restore() {
    buffers.share(
        (lane, part) -> {
          System.arraycopy(
              samples.get(part.sealedBytes()), 0, lane.incoming(), 0, part.sealedBytes());
          lane.unseal(part);
        });
  }

  @Override
  public void close() {
    buffers.close();
  }
}
