package plinius.owner;

import java.util.List;
import java.util.Optional;
import plinius.dataset.SampleKind;

/** Samples at hand; may promise another count than it has. */
final class SamplesInMemory implements SampleSource {
  private final SampleKind kind;
  private final List<Sample> samples;
  private final long promised;
  private int at;

  SamplesInMemory(SampleKind kind, List<Sample> samples) {
    this(kind, samples, samples.size());
  }

  SamplesInMemory(SampleKind kind, List<Sample> samples, long promised) {
    this.kind = kind;
    this.samples = samples;
    this.promised = promised;
  }

  @Override
  public SampleKind kind() {
    return kind;
  }

  @Override
  public long count() {
    return promised;
  }

  @Override
  public Optional<Sample> next() {
    return at == samples.size() ? Optional.empty() : Optional.of(samples.get(at++));
  }

  @Override
  public void close() {}
}
