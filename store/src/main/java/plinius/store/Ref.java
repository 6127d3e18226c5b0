package plinius.store;

/**
 * Where an object of this layout lies: an offset, the same in every process. 0 is no object.
 *
 * @param <R> the record that is its layout
 */
@SuppressWarnings("UnusedTypeParameter") // that is its use: no reference to another layout fits
public record Ref<R extends Record>(long offset) {
  private static final Ref<?> NULL = new Ref<>(0);

  public Ref {
    if (offset < 0) {
      throw new IllegalArgumentException("an offset is not negative: " + offset);
    }
  }

  /** No object. */
  @SuppressWarnings("unchecked") // it refers to nothing of any type
  public static <R extends Record> Ref<R> none() {
    return (Ref<R>) NULL;
  }

  /** Whether it refers to nothing. */
  public boolean isNone() {
    return offset == 0;
  }
}
