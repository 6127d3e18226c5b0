package plinius.owner;

import java.util.Optional;
import plinius.dataset.SampleKind;

/** Samples to be sealed, one after the other. */
public interface SampleSource extends AutoCloseable {
  /** The shape of all samples. */
  SampleKind kind();

  /** How many there are in all. */
  long count();

  /** The next one; empty after the last. */
  Optional<Sample> next();

  @Override
  void close();
}
