package plinius.benchmarks.network;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Contenders measured in turns, one after the other in one order, so that what else the machine
 * does hits all alike and each follows the same one.
 */
final class Turns {
  /** Until the compilers have done: as long as so many turns, before the first. */
  static final int WARM_UP = 3;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final int count;
  private final double seconds;
  private final LongSupplier clock;
  private final LongSupplier processor;

  /**
   * Turns by the clocks of the machine.
   *
   * @param count of each contender
   * @param seconds least length of a turn
   */
  Turns(int count, double seconds) {
    this(count, seconds, System::nanoTime, PROCESS::getProcessCpuTime);
  }

  /** With clocks that count nanoseconds: of time, and of what the processors did for us. */
  Turns(int count, double seconds, LongSupplier clock, LongSupplier processor) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " turns");
    }
    this.count = count;
    this.seconds = seconds;
    this.clock = clock;
    this.processor = processor;
  }

  /**
   * What the turns of one contender gave: images a second, and images a second of processor time.
   * The latter says more on a machine that is shared, as long as a contender's threads do not spin.
   */
  record Rates(Sorted wall, Sorted processor) {}

  /** Rates in their order, at least one. */
  static final class Sorted {
    private final double[] rates;

    Sorted(double... rates) {
      this.rates = rates.clone();
      Arrays.sort(this.rates);
    }

    /** The one in the middle, or halfway between the two. */
    double median() {
      return (rates[(rates.length - 1) / 2] + rates[rates.length / 2]) / 2;
    }

    double least() {
      return rates[0];
    }

    double most() {
      return rates[rates.length - 1];
    }

    /** Whether least and most say how far turns differ: one turn does not differ from itself. */
    boolean spread() {
      return rates.length > 1;
    }
  }

  /** The rates of each contender, in the order of these. */
  List<Rates> measure(List<Contender> contenders, int batch) {
    contenders.forEach(this::warmUp);
    double[][] wall = new double[contenders.size()][count];
    double[][] busy = new double[contenders.size()][count];
    for (int turn = 0; turn < count; turn++) {
      for (int i = 0; i < contenders.size(); i++) {
        long began = clock.getAsLong();
        long processorBegan = processor.getAsLong();
        int iterations = 0;
        double took;
        do {
          contenders.get(i).iterate();
          iterations++;
          took = (clock.getAsLong() - began) / 1e9;
        } while (took < seconds);
        double images = iterations * (double) batch;
        wall[i][turn] = images / took;
        busy[i][turn] = images / ((processor.getAsLong() - processorBegan) / 1e9);
      }
    }
    List<Rates> rates = new ArrayList<>();
    for (int i = 0; i < contenders.size(); i++) {
      rates.add(new Rates(new Sorted(wall[i]), new Sorted(busy[i])));
    }
    return rates;
  }

  private void warmUp(Contender contender) {
    long end = clock.getAsLong() + (long) (WARM_UP * 1e9 * seconds);
    do {
      contender.iterate();
    } while (clock.getAsLong() < end);
  }
}
