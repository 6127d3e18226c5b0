package plinius.darknet.layer;

import java.util.Arrays;
import java.util.List;

/**
 * The outputs of earlier layers side by side (darknet route_layer.c at f6afaab): their channels, or
 * where their sizes differ all their values, in Darknet's (c, h, w) order.
 */
public final class RouteLayer extends Layer {
  private final List<Layer> sources;

  RouteLayer(Site site) {
    List<Layer> found = sources(site);
    super(site, shape(found));
    sources = found;
  }

  private static List<Layer> sources(Site site) {
    int[] asked = site.section().integers("layers");
    if (asked.length == 0) {
      throw site.section().refuse("needs layers=, the numbers of the layers to bring together.");
    }
    return Arrays.stream(asked).mapToObj(number -> earlier(site, "layers", number)).toList();
  }

  /** An earlier layer, whose number the configuration may count from this one. */
  static Layer earlier(Site site, String key, int asked) {
    int number = asked < 0 ? site.index() + asked : asked;
    if (number < 0 || number >= site.index()) {
      throw site.section().refuse(key, "names layer " + number + ", which is not before this one.");
    }
    return site.network().made.get(number);
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

  /** A task over one value of a source's batch and its place in the output's. */
  private interface Pair {
    void take(Layer source, int sourceAt, int outAt);
  }

  private void each(Pass pass, Pair pair) {
    pass.eachImage(
        image -> {
          int first = 0;
          for (Layer source : sources) {
            Shape from = source.out();
            int at = image * from.count();
            for (int i = 0; i < from.count(); i++) {
              int place = out.image() ? i / from.c() * out.c() + i % from.c() : i;
              int sourceAt = at + (out.image() ? i : from.place(i));
              pair.take(source, sourceAt, image * out.count() + first + place);
            }
            first += out.image() ? from.c() : from.count();
          }
        });
  }

  @Override
  public void forward(Pass pass) {
    each(pass, (source, s, o) -> output[o] = source.output()[s]);
  }

  @Override
  public void backward(Pass pass) {
    each(pass, (source, s, o) -> source.delta()[s] += delta[o]);
  }
}
