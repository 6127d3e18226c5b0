package plinius.enclave.train;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.Consumer;
import plinius.attestation.kbs.Grant;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.HostMessage.Query;
import plinius.darknet.Network;
import plinius.darknet.data.Chance;
import plinius.dataset.SealedResult;
import plinius.dataset.SealedResult.Content;
import plinius.enclave.pmdata.Fitting;
import plinius.enclave.pmdata.PmData;
import plinius.enclave.pmdata.Text;
import plinius.kernel.CounterRandom;

/** What a model says about sealed data, sealed to the owner: the host carries it unread. */
public final class Answer {
  private final Consumer<EnclaveMessage> host;
  private final Grant grant;

  public Answer(Consumer<EnclaveMessage> host, Grant grant) {
    this.host = host;
    this.grant = grant;
  }

  @FunctionalInterface
  private interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  private void seal(Content content, int iteration, long samples, Body body) {
    try (SealedResult.Writer sealed =
            new SealedResult.Writer(new ToHost(), content, grant.job(), grant.jobKey());
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(sealed))) {
      body.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    host.accept(new EnclaveMessage.Answered(iteration, samples));
  }

  /** The network's outputs for every sample of a set, in its own order. */
  public void predict(PmData data, Fitting fitting) {
    Network network = fitting.network();
    int batch = network.subBatch();
    float[] images = new float[Math.multiplyExact(batch, network.inputs())];
    seal(
        Content.OUTPUTS,
        network.iteration(),
        data.count(),
        out -> {
          out.writeInt(network.outputs());
          for (long first = 0; first < data.count(); first += batch) {
            int count = (int) Math.min(batch, data.count() - first);
            for (int i = 0; i < count; i++) {
              fitting.load(data, first + i, images, i * network.inputs());
            }
            for (float output : network.predict(images, count)) {
              out.writeFloat(output);
            }
          }
        });
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

  private final class ToHost extends OutputStream {
    @Override
    public void write(int one) {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int at, int length) {
      host.accept(new EnclaveMessage.Result(Bytes.of(Arrays.copyOfRange(bytes, at, at + length))));
    }
  }
}
