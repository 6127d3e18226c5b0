package plinius.darknet.layer;

import java.util.ArrayList;
import java.util.List;
import plinius.darknet.cfg.Section;

/**
 * The outputs of earlier layers side by side (darknet route_layer.c at f6afaab): their channels, or
 * where their sizes differ all their values, in Darknet's (c, h, w) order.
 */
public final class RouteLayer extends Layer {
  private final List<Layer> sources;

  /** A layer that brings together some of the layers before it. */
  public RouteLayer(LayerCommon common, Section section, List<Layer> before, Storage storage) {
    List<Layer> found = sources(section, before);
    super(common, shape(found), storage);
    sources = found;
  }

  private static List<Layer> sources(Section section, List<Layer> before) {
    List<Layer> sources = new ArrayList<>();
    for (int asked : section.integers("layers")) {
      sources.add(before.get(earlier(section, "layers", asked, before.size())));
    }
    if (sources.isEmpty()) {
      throw section.refuse("needs layers=, the numbers of the layers to bring together.");
    }
    return sources;
  }

  /** The number of an earlier layer, which the configuration may count from this one. */
  static int earlier(Section section, String key, int asked, int index) {
    int number = asked < 0 ? index + asked : asked;
    if (number < 0 || number >= index) {
      throw section.refuse(key, "names layer " + number + ", which is not before this one.");
    }
    return number;
  }

  private static Shape shape(List<Layer> sources) {
    Shape first = sources.getFirst().out();
    boolean image = true;
    int channels = 0;
    int values = 0;
    for (Layer source : sources) {
      Shape out = source.out();
      image &= out.image() && out.h() == first.h() && out.w() == first.w();
      channels += out.c();
      values = Math.addExact(values, out.count());
    }
    return image ? new Shape(first.h(), first.w(), channels, true) : Shape.flat(values);
  }

  /** A task over one value of a source and its place in the output, both within their image. */
  private interface Pair {
    void take(int sourceAt, int outAt);
  }

  private void each(Layer source, int offset, Pair pair) {
    Shape from = source.out();
    for (int i = 0; i < from.count(); i++) {
      int outAt = out.image() ? i / from.c() * out.c() + offset + i % from.c() : offset + i;
      pair.take(out.image() ? i : from.place(i), outAt);
    }
  }

  private int width(Layer source) {
    return out.image() ? source.out().c() : source.out().count();
  }

  @Override
  public void forward(Pass pass) {
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int outAt = image * out.count();
            int offset = 0;
            for (Layer source : sources) {
              int at = image * source.out().count();
              each(source, offset, (s, o) -> output[outAt + o] = source.output()[at + s]);
              offset += width(source);
            }
          }
        });
  }

  @Override
  public void backward(Pass pass) {
    pass.run(
        shard -> {
          for (int image = pass.from(shard); image < pass.from(shard + 1); image++) {
            int outAt = image * out.count();
            int offset = 0;
            for (Layer source : sources) {
              int at = image * source.out().count();
              each(source, offset, (s, o) -> source.delta()[at + s] += delta[outAt + o]);
              offset += width(source);
            }
          }
        });
  }
}
