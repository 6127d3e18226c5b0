package plinius.benchmarks.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.darknet.Network;
import plinius.darknet.NetworkOptions;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.net.NetTable;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;

/** What {@code plinius net} plans for each thread, beside what a thread took when all was done. */
class ThreadScratchTest {
  private static final Path ROOT = Path.of(System.getProperty("plinius.root", "..")).normalize();

  @ParameterizedTest
  @CsvSource({
    "mnist/mnist-12.cfg,16",
    "mnist/small.cfg,32",
    "cifar/cifar-small.cfg,32",
    "cifar/cifar.cfg,8",
    "resnet/resnet18-64.cfg,8",
  })
  void training_takes_no_more_scratch_than_is_planned_and_not_much_less(String file, int batch)
      throws Exception {
    CfgFile cfg = example(file, Map.of("batch", Integer.toString(batch), "subdivisions", "1"));

    long taken = inThreadOfItsOwn(() -> taken(cfg, true));

    assertThat(taken).isBetween(planned(cfg) / 2, planned(cfg));
  }

  @ParameterizedTest
  @ValueSource(strings = {"scenes/scenes-small.cfg", "text/small-gru.cfg"})
  void sizes_that_change_and_steps_that_recur_stay_within_the_plan(String file) throws Exception {
    CfgFile cfg = example(file, Map.of());

    assertThat(inThreadOfItsOwn(() -> taken(cfg, true))).isBetween(1L, planned(cfg));
  }

  /** Layers of odd shapes, each alone: so none hides in the scratch of a larger one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[convolutional]\nfilters=40\nsize=5\nstride=2\npad=1\n",
        "[convolutional]\nfilters=8\nsize=3\npad=1\ngroups=2\n",
        "[convolutional]\nfilters=10\nsize=1\ngroups=2\n",
        "[convolutional]\nfilters=3\nsize=1\nstride=2\n",
        "[convolutional]\nfilters=32\nsize=3\npad=1\n",
        "[deconvolutional]\nfilters=6\nsize=3\nstride=2\npadding=1\n",
        "[deconvolutional]\nfilters=32\nsize=3\nstride=1\npadding=1\n",
        "[crnn]\nhidden_filters=6\noutput_filters=4\n",
        "[connected]\noutput=70\n",
        "[local]\nfilters=2\nsize=3\nstride=1\n",
      })
  void single_layers_stay_within_the_plan(String layer) throws Exception {
    for (int side : new int[] {3, 5, 19}) {
      for (String before : new String[] {"", "[maxpool]\nsize=1\nstride=1\n\n"}) {
        for (boolean training : new boolean[] {false, true}) {
          // What owns no cost is planned for predictions.
          CfgFile cfg = alone(before + layer + (training ? "\n[softmax]\n" : ""), side);

          long taken = inThreadOfItsOwn(() -> taken(cfg, training));

          assertThat(taken).as("%d, %s", side, cfg.canonical()).isBetween(1L, planned(cfg));
        }
      }
    }
  }

  private static CfgFile alone(String layers, int side) {
    String net = "[net]\nbatch=12\nheight=%d\nwidth=%d\nchannels=32\n\n".formatted(side + 1, side);
    return Cfg.parse(net + layers, "alone.cfg", Map.of());
  }

  private static CfgFile example(String file, Map<String, String> overrides) throws Exception {
    String text = Files.readString(ROOT.resolve("examples").resolve(file));
    return Cfg.parse(text, file, new HashMap<>(overrides));
  }

  /** Bytes for one thread more. */
  private static long planned(CfgFile cfg) {
    return workspace(cfg, 2) - workspace(cfg, 1);
  }

  private static long workspace(CfgFile cfg, int threads) {
    return NetTable.of(cfg, threads, name -> "").training().workspace();
  }

  private static long inThreadOfItsOwn(Callable<Long> run) throws Exception {
    try (ExecutorService fresh = Executors.newSingleThreadExecutor()) {
      return fresh.submit(run).get();
    }
  }

  /** Bytes that this thread keeps once it has computed everything alone. */
  private static long taken(CfgFile cfg, boolean training) throws ReflectiveOperationException {
    try (Workers workers = new Workers(1)) {
      NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 1, training);
      Network network = Network.build(cfg, options);
      if (training) {
        network.trainIteration(
            (position, images, input, truth) -> {
              for (int i = 0; i < input.length; i++) {
                input[i] = i * 7919L % 1000 / 1000f;
              }
            });
      } else {
        network.predict(new float[network.batch() * network.inputs()], network.batch());
      }
    }
    return Float.BYTES * (ofKernels() + ofPass());
  }

  private static long ofKernels() throws ReflectiveOperationException {
    Class<?> type = Class.forName("plinius.simd.Scratch");
    Method mine = type.getDeclaredMethod("mine");
    mine.setAccessible(true);
    Object scratch = mine.invoke(null);
    long floats = 0;
    for (Field field : type.getDeclaredFields()) {
      field.setAccessible(true);
      if (field.getType() == float[].class) {
        floats += ((float[]) field.get(scratch)).length;
      } else if (field.getType() == int[].class) {
        floats += ((int[]) field.get(scratch)).length;
      } else if (Map.class.isAssignableFrom(field.getType())) {
        Map<?, ?> arrays = (Map<?, ?>) field.get(scratch);
        floats += arrays.values().stream().mapToLong(each -> ((float[]) each).length).sum();
      }
    }
    return floats;
  }

  private static long ofPass() throws ReflectiveOperationException {
    Field block = Class.forName("plinius.darknet.layer.Pass").getDeclaredField("BLOCK");
    block.setAccessible(true);
    return ((float[]) ((ThreadLocal<?>) block.get(null)).get()).length;
  }
}
