package plinius.store;

import plinius.romulus.Tx;
import plinius.store.Layout.Kind;

/** A view of objects that may be changed. Every store goes through the transaction's log. */
public final class Writing extends Reading {
  private static final int CHUNK_BYTES = 1 << 16;

  private final Tx tx;
  private final Hooks hooks;

  Writing(Tx tx, Hooks hooks) {
    super(tx);
    this.tx = tx;
    this.hooks = hooks;
  }

  /** A new object. */
  public <R extends Record> Ref<R> alloc(Layout<R> layout, R object) {
    byte[] image = layout.encode(object);
    Ref<R> ref = new Ref<>(tx.alloc(image.length));
    tx.write(ref.offset(), image, 0, image.length);
    return ref;
  }

  /** Replaces an object. */
  public <R extends Record> void set(Layout<R> layout, Ref<R> ref, R object) {
    byte[] image = layout.encode(object);
    tx.write(checked(layout, ref).offset(), image, 0, image.length);
  }

  /** Makes one object equal to another one of the same layout. */
  public <R extends Record> void copy(Layout<R> layout, Ref<R> from, Ref<R> to) {
    byte[] image = new byte[layout.bytes()];
    tx.read(checked(layout, from).offset(), image, 0, image.length);
    tx.write(checked(layout, to).offset(), image, 0, image.length);
  }

  /**
   * Gives an object back; references to it are refused from now on.
   *
   * @throws IllegalArgumentException if a name still leads to it
   */
  public <R extends Record> void free(Layout<R> layout, Ref<R> ref) {
    tx.free(checked(layout, ref).offset());
    tx.setLong(ref.offset(), 0);
  }

  /** Names an object; {@link Ref#none} takes the name away. */
  public <R extends Record> void setRoot(String name, Layout<R> layout, Ref<R> ref) {
    tx.setRoot(name, ref.isNone() ? 0 : checked(layout, ref).offset());
  }

  /** Changes one component. */
  public <R extends Record> void setLong(Layout.Field<R> field, Ref<R> ref, long value) {
    tx.setLong(place(field, Kind.LONG, ref), value);
  }

  /** Changes one component. */
  public <R extends Record> void setInt(Layout.Field<R> field, Ref<R> ref, int value) {
    tx.setInt(place(field, Kind.INT, ref), value);
  }

  /** Changes one component. */
  public <R extends Record> void setFloat(Layout.Field<R> field, Ref<R> ref, float value) {
    tx.setInt(place(field, Kind.FLOAT, ref), Float.floatToRawIntBits(value));
  }

  /** Changes one component. */
  public <R extends Record> void setDouble(Layout.Field<R> field, Ref<R> ref, double value) {
    tx.setLong(place(field, Kind.DOUBLE, ref), Double.doubleToRawLongBits(value));
  }

  /** Changes one component, a reference to an object of that layout, or to none. */
  public <R extends Record, T extends Record> void setRef(
      Layout.Field<R> field, Ref<R> ref, Layout<T> target, Ref<T> value) {
    field.check(target);
    tx.setLong(place(field, Kind.REF, ref), value.isNone() ? 0 : checked(target, value).offset());
  }

  /** Sets bytes of a block without layout. */
  public void fill(long ref, long bytes, byte value) {
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, bytes)];
    java.util.Arrays.fill(chunk, value);
    for (long at = 0; at < bytes; at += chunk.length) {
      tx.write(ref + at, chunk, 0, (int) Math.min(chunk.length, bytes - at));
    }
  }

  /** Copies bytes between blocks without layout that do not overlap. */
  public void copy(long from, long to, long bytes) {
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, bytes)];
    for (long at = 0; at < bytes; at += chunk.length) {
      int length = (int) Math.min(chunk.length, bytes - at);
      tx.read(from + at, chunk, 0, length);
      tx.write(to + at, chunk, 0, length);
    }
  }

  /** Is run, on the same thread, when the outermost transaction is durable. */
  public void onCommit(Runnable action) {
    hooks.onCommit(action);
  }

  /** Is run, on the same thread, when the outermost transaction was taken back. */
  public void onAbort(Runnable action) {
    hooks.onAbort(action);
  }

  /** Takes everything back, by throwing. */
  public void abort() {
    tx.abort();
  }

  @Override
  public Tx raw() {
    return tx;
  }
}
