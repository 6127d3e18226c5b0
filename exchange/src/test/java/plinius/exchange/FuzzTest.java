package plinius.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import plinius.darknet.DarknetException;
import plinius.darknet.Network;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.exchange.cfg.LenientCfg;
import plinius.exchange.net.NetTable;
import plinius.exchange.weights.ModelPool;
import plinius.exchange.weights.WeightsException;
import plinius.exchange.weights.WeightsReader;
import plinius.exchange.weights.WeightsWriter;

/**
 * Damaged .cfg and .weights files: they become networks, or an error that names the place. Nothing
 * else is thrown, whatever stands in them.
 */
final class FuzzTest {
  /** A layer of every type, with most keys. */
  private static final String EVERYTHING =
      """
      [net]
      batch=8
      subdivisions=2
      height=16
      width=16
      channels=4
      learning_rate=.1
      policy=steps
      steps=10,20
      scales=.1,.1
      momentum=0.9
      adam=1
      max_batches=100
      [crop]
      crop_height=14
      crop_width=14
      flip=1
      [convolutional]
      batch_normalize=1
      filters=8
      size=3
      stride=1
      pad=1
      groups=2
      activation=leaky
      [normalization]
      size=5
      [local]
      filters=4
      size=3
      pad=1
      [deconvolutional]
      filters=4
      size=2
      stride=2
      [maxpool]
      size=2
      stride=2
      [route]
      layers=-1,-3
      [shortcut]
      from=-2
      activation=linear
      [reorg]
      stride=2
      [upsample]
      stride=2
      [l2norm]
      [batchnorm]
      [activation]
      activation=tanh
      [crnn]
      hidden_filters=4
      output_filters=4
      [convolutional]
      filters=30
      size=1
      [region]
      anchors=1,2,3,4
      classes=10
      num=2
      [dropout]
      probability=.5
      [avgpool]
      [connected]
      output=9
      [rnn]
      output=5
      [gru]
      output=5
      [lstm]
      output=6
      batch_normalize=1
      [softmax]
      groups=2
      [cost]
      type=L1
      """;

  private static final String ALPHABET =
      "[]=#;,.-+eExX0123456789 \t\r\nnetconvsofmaxpligrdb_\0\u00e9";

  private final long seed =
      System.getProperty("test.seed", "").isEmpty()
          ? System.nanoTime()
          : Long.parseLong(System.getProperty("test.seed"));
  private final Random random = new Random(seed);

  /** Numbers replaced by others, lines doubled, dropped or exchanged, characters put in. */
  private String mutated(String good) {
    StringBuilder text = new StringBuilder(good);
    for (int edits = 1 + random.nextInt(5); edits > 0; edits--) {
      int at = random.nextInt(text.length() - 1);
      int line = text.indexOf("\n", at) + 1;
      int end = Math.max(line, text.indexOf("\n", Math.min(line, text.length() - 1)) + 1);
      switch (random.nextInt(5)) {
        case 0 -> text.insert(at, ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        case 1 -> text.deleteCharAt(at);
        case 2 -> text.delete(line, end);
        case 3 -> text.insert(line, text.substring(line, end));
        default -> {
          int equals = text.indexOf("=", at);
          if (equals >= 0) {
            String[] values = {"0", "-1", "1", "2", "7", "64", "500", "1e30", "99999999999"};
            int stop = text.indexOf("\n", equals);
            text.replace(equals + 1, stop, values[random.nextInt(values.length)]);
          }
        }
      }
    }
    return text.toString();
  }

  @Test
  void configurations_become_networks_or_an_error_that_names_the_place() {
    int read = 0;
    for (int i = 0; i < 600; i++) {
      String text = mutated(EVERYTHING);
      try {
        CfgFile strict = Cfg.parse(LenientCfg.read(text, "my.cfg").text(), "my.cfg", Map.of());
        // Images beyond this are refused by the memory that they need, where they get some.
        long pixels = (long) strict.net().integer("height") * strict.net().integer("width");
        if (pixels * strict.net().integer("channels") <= 1 << 16) {
          NetTable.of(strict, 1, name -> "");
        }
        read++;
      } catch (CfgException e) {
        assertThat(e.getMessage()).as("seed %d: %s", seed, text).startsWith("my.cfg");
      } catch (DarknetException e) {
        assertThat(e.getMessage()).as("seed %d: %s", seed, text).isNotEmpty();
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "-Dtest.seed=" + seed + ", round " + i + ": " + e + "\n" + text, e);
      }
    }
    assertThat(read).as("seed %d", seed).isPositive();
  }

  @Test
  void weights_are_read_or_refused_by_name_and_take_no_memory_of_their_own() {
    String small = "[net]\ninputs=6\n[connected]\noutput=5\nbatch_normalize=1\n[softmax]\n";
    Network network = ModelPool.network(Cfg.parse(small, "small.cfg", Map.of()), 1);
    byte[] good = WeightsWriter.write(network);
    int read = 0;
    for (int i = 0; i < 600; i++) {
      byte[] bytes = good.clone();
      for (int edits = random.nextInt(4); edits >= 0; edits--) {
        bytes[random.nextInt(random.nextBoolean() ? 20 : bytes.length)] = (byte) random.nextInt();
      }
      int length = random.nextInt(4) == 0 ? random.nextInt(2 * bytes.length) : bytes.length;
      try {
        WeightsReader.read("my.weights", Arrays.copyOf(bytes, length), network);
        read++;
      } catch (WeightsException.BadInput e) {
        assertThat(e.getMessage()).as("seed %d", seed).contains(".weights");
      }
    }
    assertThat(read).as("seed %d", seed).isBetween(1, 599);
  }
}
