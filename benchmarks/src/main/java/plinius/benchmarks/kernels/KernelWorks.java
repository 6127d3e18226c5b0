package plinius.benchmarks.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import plinius.benchmarks.kernels.Room.Name;
import plinius.benchmarks.kernels.Work.Bound;
import plinius.kernel.Activation;
import plinius.kernel.ConvPlan;
import plinius.kernel.ConvShape;
import plinius.kernel.Kernels;
import plinius.kernel.PoolShape;

/**
 * Every kernel at the sizes that networks have: convolutions and connected layers, which arithmetic
 * bounds, and passes over values, which memory bounds as long as nothing before them has left the
 * values in a cache.
 */
final class KernelWorks {
  private static final int SHARDS = 8;

  /** As in training: larger updates are summed in fewer shards. */
  private static final int PARTIALS = 1 << 24;

  /** h = w, channels, filters, size, stride, padding, groups, images of the batch to one here. */
  private static final int[][] CONVOLUTIONS = {
    {28, 1, 32, 3, 1, 1, 1, 1},
    {14, 32, 64, 3, 1, 1, 1, 1},
    {14, 64, 64, 3, 1, 1, 1, 1},
    {7, 64, 128, 3, 1, 1, 1, 1},
    {7, 128, 10, 1, 1, 0, 1, 1},
    {28, 128, 128, 3, 1, 1, 1, 4},
    {14, 256, 256, 3, 1, 1, 1, 4},
    {7, 512, 512, 3, 1, 1, 1, 4},
    {7, 1024, 1024, 3, 1, 1, 1, 16},
    {56, 64, 256, 1, 1, 0, 1, 8},
    {28, 128, 256, 3, 2, 1, 1, 4},
    {28, 64, 64, 3, 1, 1, 2, 4},
    {224, 3, 64, 7, 2, 3, 1, 32},
    {224, 64, 64, 3, 1, 1, 1, 128},
    // Connected layers, rows of a batch; a step of a recurrent layer has one for each stream.
    {1, 784, 256, 1, 1, 0, 1, 1},
    {1, 4096, 4096, 1, 1, 0, 1, 1},
    {1, 1024, 1024, 1, 1, 0, 1, 4},
  };

  /** Of the passes over rows. */
  private static final int CHANNELS = 64;

  private final Kernels kernels;
  private final Room room;
  private final int batch;
  private final int values;
  private final String only;
  private final List<Work> works = new ArrayList<>();

  private KernelWorks(Kernels kernels, Room room, int batch, int values, String only) {
    this.kernels = kernels;
    this.room = room;
    this.batch = batch;
    this.values = values;
    this.only = only;
  }

  /**
   * What is to be measured.
   *
   * @param batch images of a convolution; of large ones fewer
   * @param values of an array that is to lie in no cache
   * @param only a part of the labels that are wanted; empty for all
   */
  static List<Work> of(Kernels kernels, Room room, int batch, int values, String only) {
    KernelWorks all = new KernelWorks(kernels, room, batch, values, only);
    for (int[] c : CONVOLUTIONS) {
      ConvShape s = new ConvShape(c[0], c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
      all.convolution(s, Math.max(1, batch / c[7]));
    }
    all.oneRow(ConvShape.connected(4096, 4096));
    all.preparations(new ConvShape(7, 7, 1024, 1024, 3, 1, 1, 1));
    all.preparations(new ConvShape(8, 8, 512, 512, 3, 1, 1, 1));
    all.sums(new ConvShape(14, 14, 64, 64, 3, 1, 1, 1));
    all.updates(new ConvShape(8, 8, 512, 512, 3, 1, 1, 1));
    all.rows();
    all.values();
    all.pooling(PoolShape.of(28, 28, CHANNELS, 2, 2, 1));
    return all.works;
  }

  private boolean wanted(String kernel, String what) {
    return (kernel + " " + what).contains(only);
  }

  private void add(Work work) {
    if (wanted(work.kernel(), work.what())) {
      works.add(work);
    }
  }

  private static String name(ConvShape s) {
    String by = ConvPlan.of(s).toString().toLowerCase(Locale.ROOT);
    String sizes = "%d -> %d".formatted(s.c(), s.filters());
    if (s.h() == 1) {
      return sizes;
    }
    return "%s at %d x %d, %d x %d%s%s, %s"
        .formatted(
            sizes,
            s.h(),
            s.w(),
            s.size(),
            s.size(),
            s.stride() > 1 ? ", stride " + s.stride() : "",
            s.groups() > 1 ? ", " + s.groups() + " groups" : "",
            by);
  }

  /** The first of count things that a shard takes. */
  static int from(int shard, int count, int shards) {
    return (int) ((long) shard * count / shards);
  }

  private void convolution(ConvShape s, int images) {
    String what = name(s) + (s.h() == 1 ? ", rows " : ", batch ") + images;
    List<String> ways = List.of("convForward", "convBackwardData", "convBackwardWeights");
    if (ways.stream().noneMatch(way -> wanted(way, what))) {
      return;
    }
    float[] x = room.array(Name.X, images * s.inputs());
    float[] y = room.array(Name.Y, images * s.outputs());
    float[] delta = room.array(Name.DELTA, images * s.inputs());
    float[] w = room.array(Name.WEIGHTS, s.weights());
    float[] t = room.array(Name.PREPARED, ConvPlan.preparedFloats(s));
    int shards = Math.min(SHARDS, images);
    int partials = Math.clamp(PARTIALS / s.weights(), 1, shards);
    float[] u = room.array(Name.UPDATES, partials * s.weights());
    arithmetic(
        ways.get(0),
        what,
        s,
        images,
        () -> kernels.prepareForward(s, w, 0, t),
        shards,
        (_, from, to) -> kernels.convForward(s, x, 0, t, y, 0, from, to));
    arithmetic(
        ways.get(1),
        what,
        s,
        images,
        () -> kernels.prepareBackward(s, w, 0, t),
        shards,
        (_, from, to) -> kernels.convBackwardData(s, y, 0, t, delta, 0, from, to));
    arithmetic(
        ways.get(2),
        what,
        s,
        images,
        () -> {},
        partials,
        (k, from, to) -> kernels.convBackwardWeights(s, x, 0, y, 0, u, k * s.weights(), from, to));
  }

  /** What a shard does with the images from one to before another. */
  private interface Images {
    void run(int shard, int from, int to);
  }

  /** Operations are those of the definition: Winograd, which does fewer, may pass the peak. */
  private void arithmetic(
      String kernel,
      String what,
      ConvShape s,
      int images,
      Runnable first,
      int shards,
      Images task) {
    double operations = 2.0 * images * s.outH() * s.outW() * s.weights();
    add(
        new Work(
            kernel,
            what,
            Bound.ARITHMETIC,
            operations,
            first,
            shards,
            k -> task.run(k, from(k, images, shards), from(k + 1, images, shards))));
  }

  /** One prediction with weights that are kept prepared: each is read and used once. */
  private void oneRow(ConvShape s) {
    String what = name(s) + ", one row";
    if (!wanted("convForward", what)) {
      return;
    }
    float[] x = room.array(Name.X, s.inputs());
    float[] y = room.array(Name.Y, s.outputs());
    float[] t = room.array(Name.PREPARED, ConvPlan.preparedFloats(s));
    double bytes = (double) Float.BYTES * s.weights();
    memory("convForward", what, bytes, 1, _ -> kernels.convForward(s, x, 0, t, y, 0, 0, 1));
  }

  /** By one thread, as in training. */
  private void preparations(ConvShape s) {
    String what = name(s);
    if (!wanted("prepareForward", what) && !wanted("prepareBackward", what)) {
      return;
    }
    float[] w = room.array(Name.WEIGHTS, s.weights());
    float[] t = room.array(Name.PREPARED, ConvPlan.preparedFloats(s));
    double bytes = (double) Float.BYTES * (s.weights() + ConvPlan.preparedFloats(s));
    memory("prepareForward", what, bytes, 1, _ -> kernels.prepareForward(s, w, 0, t));
    memory("prepareBackward", what, bytes, 1, _ -> kernels.prepareBackward(s, w, 0, t));
  }

  private void sums(ConvShape s) {
    String what = name(s) + ", batch " + batch;
    if (!wanted("convSums", what)) {
      return;
    }
    int shards = Math.min(SHARDS, batch);
    float[] x = room.array(Name.X, batch * s.inputs());
    float[] y = room.array(Name.Y, batch * s.outputs());
    float[] u = room.array(Name.UPDATES, shards * ConvPlan.sumFloats(s));
    arithmetic(
        "convSums",
        what,
        s,
        batch,
        () -> {},
        shards,
        (k, from, to) -> kernels.convSums(s, x, 0, y, 0, u, k * ConvPlan.sumFloats(s), from, to));
  }

  private void updates(ConvShape s) {
    String what = name(s);
    if (!wanted("convUpdates", what)) {
      return;
    }
    float[] w = room.array(Name.WEIGHTS, s.weights());
    float[] u = room.array(Name.UPDATES, ConvPlan.sumFloats(s));
    double bytes = (double) Float.BYTES * (ConvPlan.sumFloats(s) + 2 * s.weights());
    memory("convUpdates", what, bytes, 1, _ -> kernels.convUpdates(s, u, 0, w, 0));
  }

  private void memory(String kernel, String what, double bytes, int shards, IntConsumer task) {
    add(new Work(kernel, what, Bound.MEMORY, bytes, shards, task));
  }

  /** A part of the values, at least one row of channels. */
  private interface Part {
    void run(int shard, int first, int count);
  }

  /**
   * A pass over all values in shards.
   *
   * @param accesses how often each value's four bytes are read or written
   */
  private void pass(String kernel, String what, int accesses, Part part) {
    int rows = Math.max(SHARDS, values / CHANNELS);
    double bytes = (double) Float.BYTES * accesses * rows * CHANNELS;
    memory(
        kernel,
        what,
        bytes,
        SHARDS,
        k -> {
          int first = from(k, rows, SHARDS);
          part.run(k, first * CHANNELS, (from(k + 1, rows, SHARDS) - first) * CHANNELS);
        });
  }

  private float[] values(Name name) {
    return room.array(name, Math.max(SHARDS * CHANNELS, values));
  }

  private void rows() {
    float[] x = values(Name.FIRST);
    float[] y = values(Name.SECOND);
    float[] d = values(Name.THIRD);
    float[] terms = new Room().array(Name.FIRST, 4 * CHANNELS);
    float[] p = new float[SHARDS * CHANNELS];
    float[] q = new float[SHARDS * CHANNELS];
    int c = CHANNELS;
    String what = c + " channels";
    pass("addBias", what, 2, (_, at, n) -> kernels.addBias(y, at, n / c, c, terms, 0));
    pass("channelSums", what, 1, (k, at, n) -> kernels.channelSums(x, at, n / c, c, p, k * c));
    pass(
        "channelSquares",
        what,
        1,
        (k, at, n) -> kernels.channelSquares(x, at, n / c, c, terms, 0, p, k * c));
    for (Activation f : List.of(Activation.LEAKY, Activation.RELU)) {
      String with = what + ", " + f;
      pass("normalize", with, 2, (_, at, n) -> kernels.normalize(x, at, n / c, c, terms, f, y, at));
      pass(
          "normalizeSums",
          with,
          4,
          (k, at, n) -> kernels.normalizeSums(f, y, at, d, x, at, n / c, c, terms, p, q, k * c));
    }
    pass(
        "normalizeDelta", what, 3, (_, at, n) -> kernels.normalizeDelta(x, d, at, n / c, c, terms));
  }

  private void values() {
    float[] x = values(Name.FIRST);
    float[] y = values(Name.SECOND);
    float[] d = values(Name.THIRD);
    for (Activation f : List.of(Activation.LEAKY, Activation.RELU, Activation.LOGISTIC)) {
      pass("activate", f.toString(), 2, (_, at, n) -> kernels.activate(f, y, at, n));
      pass("gradient", f.toString(), 3, (_, at, n) -> kernels.gradient(f, x, at, d, at, n));
    }
    pass("axpy", "values", 3, (_, at, n) -> kernels.axpy(-0.5f, x, at, d, at, n));
    pass("scale", "values", 2, (_, at, n) -> kernels.scale(-1, d, at, n));
    pass("add", "values", 3, (_, at, n) -> kernels.add(x, at, d, at, n));
    pass("sgd", "values", 4, (_, at, n) -> kernels.sgd(.001f, .0005f, .9f, y, at, d, at, n));
  }

  private void pooling(PoolShape s) {
    int images = Math.max(1, values / s.inputs());
    int shards = Math.min(SHARDS, images);
    float[] x = room.array(Name.FIRST, images * s.inputs());
    float[] y = room.array(Name.SECOND, images * s.outputs());
    float[] d = room.array(Name.THIRD, images * s.inputs());
    int[] index = new int[images * s.outputs()];
    String what = "%d x %d by %d, %d channels".formatted(s.size(), s.size(), s.stride(), s.c());
    memory(
        "maxpoolForward",
        what,
        (double) images * (Float.BYTES * (s.inputs() + s.outputs()) + Integer.BYTES * s.outputs()),
        shards,
        k ->
            kernels.maxpoolForward(
                s, x, 0, y, 0, index, 0, from(k, images, shards), from(k + 1, images, shards)));
    memory(
        "maxpoolBackward",
        what,
        (double) images
            * (Float.BYTES * (2 * s.inputs() + s.outputs()) + Integer.BYTES * s.outputs()),
        shards,
        k ->
            kernels.maxpoolBackward(
                s, y, 0, index, 0, d, 0, from(k, images, shards), from(k + 1, images, shards)));
  }
}
