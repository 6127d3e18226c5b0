package plinius.exchange.net;

import java.util.List;
import plinius.darknet.layer.Shape;

/**
 * A line of the table.
 *
 * @param index of the layer, from 0
 * @param type its section's name
 * @param filters of a layer that has such, or its outputs; 0 where there are none
 * @param size of its window and its stride, such as "3 x 3 / 1", or what else the section says
 * @param in the shape of one image's input; of a route, of its first source
 * @param out the shape of one image's output
 * @param operations multiplications and additions by weights for one image, forward
 * @param parameters values that are trained
 * @param weightsFileValues values that a .weights file has for it
 * @param memory what it needs
 * @param kernels for each of its convolutions, which kernel computes it and why
 */
public record LayerRow(
    int index,
    String type,
    int filters,
    String size,
    Shape in,
    Shape out,
    long operations,
    long parameters,
    long weightsFileValues,
    Memory memory,
    List<String> kernels) {
  /** Copies the list. */
  public LayerRow {
    kernels = List.copyOf(kernels);
  }
}
