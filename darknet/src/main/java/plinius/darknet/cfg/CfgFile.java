package plinius.darknet.cfg;

import static java.util.stream.Collectors.joining;

import java.util.List;

/**
 * A configuration that was read and found well-formed.
 *
 * @param name the file's name, for messages
 * @param net the section that comes first
 * @param layers the other sections, in order; at least one
 */
public record CfgFile(String name, Section net, List<Section> layers) {
  /** Refuses a configuration without layers. */
  public CfgFile {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw net.refuse("has no layers after it; add at least one.");
    }
  }

  /**
   * The one text that all spellings of this configuration share: sections and keys in order, values
   * normalised, overrides applied, defaults left out, comments and spaces gone. Public: it is bound
   * into grants and mirrors by its digest.
   */
  public String canonical() {
    return net.canonical() + layers.stream().map(Section::canonical).collect(joining());
  }
}
