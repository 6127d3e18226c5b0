package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.layer.NamedTensor;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** What predictions keep of the weights follows them. */
final class PreparedWeightsTest {
  private static final int IMAGES = 3;

  private int prepared; // convolutions, until now
  private final Kernels kernels = counting();

  private Kernels counting() {
    Kernels best = Kernels.best();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (_, method, arguments) -> {
              prepared += method.getName().startsWith("prepare") ? 1 : 0;
              try {
                return method.invoke(best, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private Network network(Workers workers, long seed, boolean training) {
    return Network.build(
        Cfg.parse(TestNetworks.EVERYTHING, "everything.cfg", Map.of()),
        new NetworkOptions(kernels, workers, seed, training));
  }

  private static float[] predict(Network net) {
    float[] images = new float[IMAGES * net.inputs()];
    TestNetworks.loader(net).load(0, IMAGES, images, new float[IMAGES * net.truths()]);
    return net.predict(images, IMAGES);
  }

  /** Predicts, changes the network to the other's values, and predicts as the other does. */
  private void follows(Consumer<Network> change) {
    try (Workers workers = new Workers(2)) {
      Network net = network(workers, 1, false);
      float[] before = predict(net);
      change.accept(net);

      float[] after = predict(net);

      assertThat(after).isNotEqualTo(before);
      assertThat(after).containsExactly(predict(other(workers)));
    }
  }

  private Network other(Workers workers) {
    return network(workers, 2, false);
  }

  private void copy(float[] block) {
    try (Workers workers = new Workers(1)) {
      System.arraycopy(other(workers).state().getFirst().block(), 0, block, 0, block.length);
    }
  }

  @Test
  void weights_that_stay_as_they_are_are_prepared_once() {
    try (Workers workers = new Workers(2)) {
      Network net = network(workers, 1, false);
      float[] first = predict(net);
      int once = prepared;
      assertThat(once).isPositive();

      assertThat(predict(net)).containsExactly(first);
      assertThat(prepared).isEqualTo(once);
    }
  }

  @Test
  void predictions_follow_what_is_written_into_the_block() {
    follows(net -> copy(net.state().getFirst().block()));
  }

  @Test
  void predictions_follow_a_state_that_is_brought_with_what_was_seen() {
    try (Workers workers = new Workers(1)) {
      Network net = network(workers, 1, false);
      float[] held = net.state().getFirst().block(); // as a mirror holds it
      predict(net);
      copy(held);
      net.setSeen(22);

      assertThat(predict(net)).containsExactly(predict(other(workers)));
    }
  }

  @Test
  void predictions_follow_what_another_network_learnt() {
    follows(
        net -> {
          try (Workers workers = new Workers(1)) {
            net.takeOver(other(workers));
          }
        });
  }

  @Test
  void predictions_follow_training() {
    try (Workers workers = new Workers(2)) {
      Network net = network(workers, 1, true);
      predict(net);
      net.trainIteration(TestNetworks.loader(net));
      Network tested = network(workers, 1, false);
      for (NamedTensor tensor : net.state()) {
        System.arraycopy(
            tensor.block(),
            tensor.offset(),
            tested.state().getFirst().block(),
            tensor.offset(),
            tensor.count());
      }

      assertThat(predict(net)).containsExactly(predict(tested));
    }
  }
}
