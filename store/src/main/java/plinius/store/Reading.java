package plinius.store;

import plinius.romulus.PoolException;
import plinius.romulus.ReadTx;
import plinius.store.Layout.Kind;

/**
 * A view of objects. Valid inside the body that it was handed to. A component is accessed as what
 * the record declares it to be; anything else is an {@link IllegalArgumentException}.
 */
public class Reading {
  private final ReadTx tx;

  Reading(ReadTx tx) {
    this.tx = tx;
  }

  /** The object of this name; {@link Ref#none} if there is none. */
  public final <R extends Record> Ref<R> root(String name, Layout<R> layout) {
    long offset = tx.root(name);
    return offset == 0 ? Ref.none() : checked(layout, new Ref<>(offset));
  }

  /** The whole object, as a record of its own that outlives the body. */
  public final <R extends Record> R get(Layout<R> layout, Ref<R> ref) {
    byte[] image = new byte[layout.bytes()];
    tx.read(checked(layout, ref).offset(), image, 0, image.length);
    return layout.decode(image);
  }

  /** One component of an object. */
  public final <R extends Record> long getLong(Layout.Field<R> field, Ref<R> ref) {
    return tx.getLong(place(field, Kind.LONG, ref));
  }

  /** One component of an object. */
  public final <R extends Record> int getInt(Layout.Field<R> field, Ref<R> ref) {
    return tx.getInt(place(field, Kind.INT, ref));
  }

  /** One component of an object. */
  public final <R extends Record> float getFloat(Layout.Field<R> field, Ref<R> ref) {
    return Float.intBitsToFloat(tx.getInt(place(field, Kind.FLOAT, ref)));
  }

  /** One component of an object. */
  public final <R extends Record> double getDouble(Layout.Field<R> field, Ref<R> ref) {
    return Double.longBitsToDouble(tx.getLong(place(field, Kind.DOUBLE, ref)));
  }

  /** One component of an object, a reference to one of that layout. */
  public final <R extends Record, T extends Record> Ref<T> getRef(
      Layout.Field<R> field, Ref<R> ref, Layout<T> target) {
    field.check(target);
    long offset = tx.getLong(place(field, Kind.REF, ref));
    return offset == 0 ? Ref.none() : checked(target, new Ref<>(offset));
  }

  /** Blocks and extents by their offsets, for what has no layout. */
  public ReadTx raw() {
    return tx;
  }

  final <R extends Record> long place(Layout.Field<R> field, Kind kind, Ref<R> ref) {
    field.check(kind);
    return checked(field.layout, ref).offset() + field.offset;
  }

  /** An object that was freed, or was made by a program with another layout, is refused. */
  final <R extends Record> Ref<R> checked(Layout<R> layout, Ref<R> ref) {
    if (ref.isNone()) {
      throw new IllegalArgumentException(
          "there is no object: the reference to " + layout + " is none");
    }
    long found = tx.getLong(ref.offset());
    if (found != layout.hash()) {
      throw new PoolException.Incompatible(
          "the object at "
              + ref.offset()
              + " has not the layout "
              + layout
              + " ("
              + Long.toHexString(layout.hash())
              + ") but another one ("
              + Long.toHexString(found)
              + "): it was freed, or written by another version of the program");
    }
    return ref;
  }
}
