package plinius.enclave.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import plinius.attestation.kbs.Grant;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.HostMessage.Query;
import plinius.darknet.Network;
import plinius.darknet.data.Chance;
import plinius.darknet.layer.Box;
import plinius.darknet.layer.Detection;
import plinius.dataset.SealedResult;
import plinius.dataset.SealedResult.Content;
import plinius.enclave.pmdata.Fitting;
import plinius.enclave.pmdata.PmData;
import plinius.enclave.pmdata.Text;
import plinius.kernel.CounterRandom;

/** What a model says about sealed data, sealed to the owner: the host carries it unread. */
public record Answer(Consumer<EnclaveMessage> host, Grant grant) {
  private void seal(
      Content content, int iteration, long samples, Consumer<SealedResult.Writer> body) {
    Consumer<byte[]> file = bytes -> host.accept(new EnclaveMessage.Result(Bytes.of(bytes)));
    try (SealedResult.Writer out =
        new SealedResult.Writer(file, content, grant.job(), grant.jobKey())) {
      body.accept(out);
    }
    host.accept(new EnclaveMessage.Answered(iteration, samples));
  }

  /** The network's outputs for every sample of a set, in its own order. */
  public void predict(Fitting fitting) {
    Network network = fitting.network();
    seal(
        Content.OUTPUTS,
        network.iteration(),
        fitting.data().count(),
        out -> {
          out.writeInt(network.outputs());
          fitting.predict(
              (_, outputs) -> {
                for (float output : outputs) {
                  out.writeFloat(output);
                }
              });
        });
  }

  /** What the network finds in each scene of a set, the most probable first. */
  public void detect(Fitting fitting, Query query) {
    seal(
        Content.BOXES,
        fitting.network().iteration(),
        fitting.data().count(),
        out ->
            Scenes.each(
                fitting,
                (float) query.threshold(),
                (float) query.overlap(),
                (_, found) -> write(out, found)));
  }

  /** A box of a class. */
  private record Find(int category, float probability, Box box) {}

  private static void write(SealedResult.Writer out, List<Detection> found) {
    List<Find> finds = new ArrayList<>();
    for (Detection detection : found) {
      float[] probabilities = detection.probabilities();
      for (int k = 0; k < probabilities.length; k++) {
        if (probabilities[k] > 0) {
          finds.add(new Find(k, probabilities[k], detection.box()));
        }
      }
    }
    finds.sort(Comparator.comparingDouble(find -> -find.probability()));
    out.writeInt(finds.size());
    for (Find find : finds) {
      Box box = find.box();
      out.writeInt(find.category());
      for (float value : new float[] {find.probability(), box.x(), box.y(), box.w(), box.h()}) {
        out.writeFloat(value);
      }
    }
  }

  /**
   * Lets a network write on from a text (rnn.c test_char_rnn): it reads the text first, then what
   * it wrote itself.
   *
   * @param network takes one character at a time
   */
  public void generate(PmData data, Network network, Query query) {
    Text text = new Text(data, network);
    CounterRandom random = new CounterRandom(query.draws());
    byte[] seen = new byte[1];
    float[] input = new float[network.inputs()];
    seal(
        Content.TEXT,
        network.iteration(),
        query.length(),
        out -> {
          for (long at = 0; at < text.length() + query.length() - 1; at++) {
            if (at < text.length()) {
              text.copy(at, seen);
            }
            Arrays.fill(input, 0);
            input[seen[0] & 0xff] = 1;
            float[] predicted = network.predict(input, 1);
            if (at >= text.length() - 1) {
              float drawn = random.uniform(Chance.GENERATION, 0, at);
              seen[0] = (byte) choose(predicted, query.temperature(), drawn);
              out.write(seen[0]);
            }
          }
        });
  }

  /** By probabilities p^(1/temperature), normalised. */
  static int choose(float[] probabilities, double temperature, float drawn) {
    double[] weights = new double[probabilities.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = StrictMath.pow(Math.max(0, probabilities[i]), 1 / temperature);
      sum += weights[i];
    }
    double rest = drawn * sum;
    int last = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        last = i;
        rest -= weights[i];
        if (rest < 0) {
          return i;
        }
      }
    }
    return last;
  }
}
