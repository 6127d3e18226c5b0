package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.darknet.layer.KeptLayers;
import plinius.darknet.layer.NamedTensor;
import plinius.kernel.CounterRandom;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.ScalarKernels;

/** The promise of the same bits: what may vary, and what goes on from where. */
final class ExactnessTest {

  @SuppressWarnings("ArrayRecordComponent") // compared value by value
  private record Trained(float[] block, double averageLoss, float[] predicted) {}

  private static Trained train(Kernels kernels, int threads, int iterations) {
    try (Workers workers = new Workers(threads)) {
      Network net = TestNetworks.build(TestNetworks.EVERYTHING, kernels, workers, 7);
      train(net, iterations);
      return result(net);
    }
  }

  private static void train(Network net, int iterations) {
    for (int i = 0; i < iterations; i++) {
      net.trainIteration(TestNetworks.loader(net));
    }
  }

  private static Trained result(Network net) {
    float[] images = new float[31 * net.inputs()];
    TestNetworks.loader(net).load(1000, 31, images, new float[31 * net.truths()]);
    return new Trained(
        net.state().getFirst().block().clone(), net.averageLoss(), net.predict(images, 31));
  }

  private static void assertSameBits(Trained actual, Trained expected) {
    assertThat(actual.block()).containsExactly(expected.block());
    assertThat(actual.predicted()).containsExactly(expected.predicted());
    assertThat(actual.averageLoss()).isEqualTo(expected.averageLoss());
  }

  @Test
  void the_number_of_threads_does_not_change_a_bit() {
    Trained alone = train(Kernels.best(), 1, 5);

    assertSameBits(train(Kernels.best(), 2, 5), alone);
    assertSameBits(train(Kernels.best(), 3, 5), alone);
  }

  @Test
  void scalar_and_vector_kernels_give_the_same_bits() {
    assertThat(Kernels.best()).isNotInstanceOf(ScalarKernels.class);

    assertSameBits(train(Kernels.best(), 2, 5), train(new ScalarKernels(), 2, 5));
  }

  @Test
  void what_is_not_kept_but_made_again_does_not_change_a_bit() {
    try (Workers workers = new Workers(2)) {
      NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 7, true);
      CfgFile cfg = Cfg.parse(TestNetworks.CHAIN, "chain.cfg", Map.of());
      Network sparing = Network.build(cfg, options);
      Network keeping =
          TestNetworks.inspected(cfg, options, new CounterRandom(options.seed()), KeptLayers::new);
      train(sparing, 5);
      train(keeping, 5);

      assertThat(sparing.layers().get(0).delta()).isSameAs(sparing.layers().get(2).delta());
      assertThat(keeping.layers().get(0).delta()).isNotSameAs(keeping.layers().get(2).delta());
      assertSameBits(result(sparing), result(keeping));
    }
  }

  @Test
  void training_changes_every_tensor() {
    try (Workers workers = new Workers(2)) {
      Network net = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);
      float[] before = net.state().getFirst().block().clone();
      train(net, 1);

      for (NamedTensor tensor : net.state()) {
        boolean changed = false;
        for (int i = tensor.offset(); i < tensor.offset() + tensor.count(); i++) {
          changed |= tensor.block()[i] != before[i];
        }
        assertThat(changed).as(tensor.name()).isTrue();
      }
    }
  }

  @Test
  void another_seed_gives_another_network() {
    try (Workers workers = new Workers(1)) {
      Network one = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 1);
      Network two = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 2);

      assertThat(one.state().getFirst().block()).isNotEqualTo(two.state().getFirst().block());
    }
  }

  @Test
  void a_network_that_gets_the_state_back_goes_on_bit_for_bit() {
    try (Workers workers = new Workers(2)) {
      Network first = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);
      train(first, 3);
      Network second = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);
      for (int i = 0; i < first.state().size(); i++) {
        NamedTensor from = first.state().get(i);
        NamedTensor to = second.state().get(i);
        System.arraycopy(from.block(), from.offset(), to.block(), to.offset(), from.count());
      }
      second.setSeen(first.seen());
      second.setAverageLoss(first.averageLoss());
      train(second, 2);

      assertThat(second.iteration()).isEqualTo(5);
      assertSameBits(result(second), train(Kernels.best(), 2, 5));
    }
  }

  @Test
  void predicting_in_between_does_not_change_training() {
    try (Workers workers = new Workers(2)) {
      Network net = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);
      for (int i = 0; i < 5; i++) {
        train(net, 1);
        result(net);
      }

      assertSameBits(result(net), train(Kernels.best(), 2, 5));
    }
  }

  @Test
  void a_network_built_for_testing_has_the_same_state_and_predicts_the_same() {
    try (Workers workers = new Workers(2)) {
      Network trained = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);
      train(trained, 2);
      Network tested =
          Network.build(
              Cfg.parse(TestNetworks.EVERYTHING, "test.cfg", Map.of()),
              new NetworkOptions(Kernels.best(), workers, 99, false));
      assertThat(tested.state()).hasSameSizeAs(trained.state());
      float[] block = trained.state().getFirst().block();
      System.arraycopy(block, 0, tested.state().getFirst().block(), 0, block.length);

      assertThat(result(tested).predicted()).containsExactly(result(trained).predicted());
      assertThatThrownBy(() -> tested.trainIteration(TestNetworks.loader(tested)))
          .isInstanceOf(NetworkException.class);
    }
  }

  @Test
  void the_tensors_of_the_state_fill_the_block_without_gaps() {
    try (Workers workers = new Workers(1)) {
      Network net = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);
      int next = 0;
      for (NamedTensor tensor : net.state()) {
        assertThat(tensor.offset()).as(tensor.name()).isEqualTo(next);
        int product = 1;
        for (int length : tensor.shape()) {
          product *= length;
        }
        assertThat(tensor.count()).as(tensor.name()).isEqualTo(product);
        next += tensor.count();
      }

      assertThat(net.state().getFirst().block()).hasSize(next);
      assertThat(net.state().stream().map(NamedTensor::name)).doesNotHaveDuplicates();
      assertThat(net.shards()).isEqualTo(8);
      assertThat(net.batch()).isEqualTo(22);
    }
  }

  @Test
  void half_an_iteration_cannot_be_resumed() {
    try (Workers workers = new Workers(1)) {
      Network net = TestNetworks.build(TestNetworks.EVERYTHING, Kernels.best(), workers, 7);

      assertThatThrownBy(() -> net.setSeen(33)).isInstanceOf(NetworkException.class);
      net.setSeen(44);
      assertThat(net.iteration()).isEqualTo(2);
    }
  }
}
