package plinius.exchange.net;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import plinius.darknet.cfg.Section;

/** What the column "size" says of a layer, in the words of the original where it has some. */
final class Sizes {
  private Sizes() {}

  static String of(Section section) {
    return switch (section.type()) {
      case "convolutional", "deconvolutional" -> window(section) + groups(section);
      case "local" -> window(section);
      case "maxpool" -> {
        int stride = section.integer("stride");
        int size = section.has("size") ? section.integer("size") : stride;
        yield size + " x " + size + " / " + stride;
      }
      case "crnn" -> "3 x 3 / 1";
      case "reorg", "upsample" -> "/ " + section.integer("stride");
      case "dropout" -> String.format(Locale.ROOT, "p = %.2f", section.decimal("probability"));
      case "route" -> {
        List<String> layers = new ArrayList<>();
        for (int layer : section.integers("layers")) {
          layers.add(Integer.toString(layer));
        }
        yield String.join(" ", layers);
      }
      case "shortcut" -> Integer.toString(section.integer("from"));
      case "cost" -> section.word("type");
      default -> "";
    };
  }

  private static String window(Section section) {
    int size = section.integer("size");
    return size + " x " + size + " / " + section.integer("stride");
  }

  private static String groups(Section section) {
    boolean grouped = section.type().equals("convolutional") && section.integer("groups") > 1;
    return grouped ? " g" + section.integer("groups") : "";
  }
}
