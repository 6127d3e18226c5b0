package plinius.store;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a record lies in a block: its components in their order, each aligned to its size, behind a
 * hash of names and types. The hash is stored with every object, so that a program with another
 * layout is refused instead of reading nonsense. Components are long, int, float, double, {@link
 * Ref}, or arrays of fixed {@link Length} of these (refs excepted) or of bytes.
 *
 * @param <R> the record
 */
public final class Layout<R extends Record> {
  /** The hash in front of the components. */
  static final int HASH_BYTES = 8;

  private static final int BYTES_MAX = 1 << 26;

  /** A kind of component: size and alignment of an element, in bytes. */
  enum Kind {
    LONG(8),
    INT(4),
    FLOAT(4),
    DOUBLE(8),
    REF(8),
    BYTE(1);

    private final int bytes;

    Kind(int bytes) {
      this.bytes = bytes;
    }

    static Optional<Kind> of(Class<?> type) {
      return Optional.ofNullable(
          type == long.class
              ? LONG
              : type == int.class
                  ? INT
                  : type == float.class
                      ? FLOAT
                      : type == double.class
                          ? DOUBLE
                          : type == byte.class ? BYTE : type == Ref.class ? REF : null);
    }
  }

  /**
   * A component.
   *
   * @param length of the array; 0 if it is none
   * @param target record that a {@link Ref} is declared to lead to; null if that is not declared
   */
  private record Component(
      String name,
      Kind kind,
      String description,
      int offset,
      int length,
      Class<?> target,
      MethodHandle accessor) {}

  private final Class<R> type;
  private final List<Component> components = new ArrayList<>();
  private final MethodHandle constructor;
  private final int bytes;
  private final long hash;
  private final String description;

  private Layout(MethodHandles.Lookup lookup, Class<R> type) {
    this.type = type;
    RecordComponent[] declared = type.getRecordComponents();
    Class<?>[] types = new Class<?>[declared.length];
    int end = HASH_BYTES;
    StringBuilder text = new StringBuilder();
    try {
      for (int i = 0; i < declared.length; i++) {
        types[i] = declared[i].getType();
        Component component = component(lookup, declared[i], end);
        components.add(component);
        end = component.offset() + component.kind().bytes * Math.max(1, component.length());
        text.append(i == 0 ? "" : ", ").append(component.description());
      }
      constructor = lookup.findConstructor(type, MethodType.methodType(void.class, types));
    } catch (ReflectiveOperationException inaccessible) {
      throw new IllegalArgumentException(
          "the record " + type.getName() + " is not open to this lookup", inaccessible);
    }
    bytes = end;
    description = type.getSimpleName() + "(" + text + ")";
    hash = hash(text.toString());
  }

  /** The layout of a record that the lookup may construct. */
  public static <R extends Record> Layout<R> of(MethodHandles.Lookup lookup, Class<R> type) {
    return new Layout<>(lookup, type);
  }

  private Component component(MethodHandles.Lookup lookup, RecordComponent declared, int end)
      throws IllegalAccessException {
    Class<?> element =
        declared.getType().isArray() ? declared.getType().getComponentType() : declared.getType();
    Kind kind =
        Kind.of(element)
            .filter(k -> declared.getType().isArray() ? k != Kind.REF : k != Kind.BYTE)
            .orElseThrow(
                () ->
                    wrong(
                        declared,
                        "is neither long, int, float, double, Ref, nor an array of"
                            + " long, int, float, double or byte"));
    Length length = declared.getAnnotation(Length.class);
    if (declared.getType().isArray() == (length == null)) {
      throw wrong(declared, "needs @Length if it is an array, and only then");
    }
    int count = length == null ? 0 : length.value();
    if (length != null && (count < 1 || count > BYTES_MAX / kind.bytes)) {
      throw wrong(declared, "has @Length(" + count + "): 1 to " + BYTES_MAX / kind.bytes);
    }
    Class<?> target = kind == Kind.REF ? referred(declared) : null;
    String name =
        (kind != Kind.REF
                ? element.getName()
                : target == null ? "Ref<?>" : "Ref<" + target.getSimpleName() + ">")
            + (count == 0 ? "" : "[" + count + "]")
            + " "
            + declared.getName();
    int offset = (end + kind.bytes - 1) & -kind.bytes;
    return new Component(
        declared.getName(),
        kind,
        name,
        offset,
        count,
        target,
        lookup.unreflect(declared.getAccessor()));
  }

  private static Class<?> referred(RecordComponent declared) {
    return declared.getGenericType() instanceof ParameterizedType of
            && of.getActualTypeArguments()[0] instanceof Class<?> target
        ? target
        : null;
  }

  private static IllegalArgumentException wrong(RecordComponent component, String what) {
    return new IllegalArgumentException(
        "component "
            + component.getName()
            + " of "
            + component.getDeclaringRecord().getSimpleName()
            + " "
            + what);
  }

  /** FNV-1a over names and types; the name of the record itself may change. */
  private static long hash(String text) {
    long hash = 0xCBF29CE484222325L;
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xFF)) * 0x100000001B3L;
    }
    return hash;
  }

  /** Bytes of an object. */
  public int bytes() {
    return bytes;
  }

  /** What objects of this layout are recognised by. */
  public long hash() {
    return hash;
  }

  /** Where a component lies in its object. */
  int offset(String name) {
    return find(name).offset();
  }

  /** Checks that a component is of this type before it is accessed alone. */
  Field<R> field(String name, Class<?> wanted) {
    Component component = find(name);
    Kind kind = Kind.of(wanted).orElseThrow();
    if (component.length() != 0 || component.kind() != kind) {
      throw new IllegalArgumentException(
          name + " of " + description + " is no " + wanted.getSimpleName());
    }
    return new Field<>(this, component);
  }

  private Component find(String name) {
    return components.stream()
        .filter(component -> component.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(description + " has no component " + name));
  }

  /** A component of type long. */
  public Field<R> longField(String name) {
    return field(name, long.class);
  }

  /** A component of type int. */
  public Field<R> intField(String name) {
    return field(name, int.class);
  }

  /** A component of type float. */
  public Field<R> floatField(String name) {
    return field(name, float.class);
  }

  /** A component of type double. */
  public Field<R> doubleField(String name) {
    return field(name, double.class);
  }

  /** A component that is a {@link Ref}. */
  public Field<R> refField(String name) {
    return field(name, Ref.class);
  }

  /**
   * A component that is accessed alone, without the rest of its object, and only as what it is.
   *
   * @param <R> the record
   */
  public static final class Field<R extends Record> {
    final Layout<R> layout;
    final int offset;
    private final Component component;

    private Field(Layout<R> layout, Component component) {
      this.layout = layout;
      this.offset = component.offset();
      this.component = component;
    }

    /** A longer access would reach into the next component, another one misread this one. */
    void check(Kind kind) {
      if (component.kind() != kind) {
        throw new IllegalArgumentException(this + " is not to be accessed as " + kind);
      }
    }

    /** A reference is stored and followed as one to what it was declared to lead to. */
    void check(Layout<?> target) {
      check(Kind.REF);
      if (component.target() != null && component.target() != target.type) {
        throw new IllegalArgumentException(this + " does not lead to " + target);
      }
    }

    @Override
    public String toString() {
      return component.description() + " of " + layout;
    }
  }

  /** The object's bytes, with its hash. */
  byte[] encode(R object) {
    ByteBuffer block = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    block.putLong(0, hash);
    try {
      for (Component component : components) {
        put(block, component, component.accessor().invoke(object));
      }
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new IllegalStateException("an accessor of " + description + " threw", thrown);
    }
    return block.array();
  }

  private void put(ByteBuffer block, Component component, Object value) {
    int count = component.length();
    if (count == 0) {
      put(block, component.kind(), component.offset(), value);
      return;
    }
    if (Array.getLength(value) != count) {
      throw new IllegalArgumentException(
          component.name()
              + " of "
              + description
              + " has "
              + count
              + " elements, not "
              + Array.getLength(value));
    }
    for (int i = 0; i < count; i++) {
      int at = component.offset() + i * component.kind().bytes;
      put(block, component.kind(), at, Array.get(value, i));
    }
  }

  private static void put(ByteBuffer block, Kind kind, int at, Object value) {
    switch (kind) {
      case LONG -> block.putLong(at, (long) value);
      case INT -> block.putInt(at, (int) value);
      case FLOAT -> block.putFloat(at, (float) value);
      case DOUBLE -> block.putDouble(at, (double) value);
      case REF -> block.putLong(at, ((Ref<?>) value).offset());
      case BYTE -> block.put(at, (byte) value);
    }
  }

  /** The object in these bytes. */
  R decode(byte[] image) {
    ByteBuffer block = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    Object[] values = new Object[components.size()];
    for (int i = 0; i < values.length; i++) {
      Component component = components.get(i);
      values[i] = get(block, component);
    }
    try {
      return type.cast(constructor.invokeWithArguments(values));
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new IllegalStateException("the constructor of " + description + " threw", thrown);
    }
  }

  private static Object get(ByteBuffer block, Component component) {
    if (component.length() == 0) {
      return get(block, component.kind(), component.offset());
    }
    Class<?> element =
        switch (component.kind()) {
          case LONG -> long.class;
          case INT -> int.class;
          case FLOAT -> float.class;
          case DOUBLE -> double.class;
          case BYTE -> byte.class;
          case REF -> throw new IllegalStateException("no arrays of refs");
        };
    Object array = Array.newInstance(element, component.length());
    for (int i = 0; i < component.length(); i++) {
      int at = component.offset() + i * component.kind().bytes;
      Array.set(array, i, get(block, component.kind(), at));
    }
    return array;
  }

  private static Object get(ByteBuffer block, Kind kind, int at) {
    return switch (kind) {
      case LONG -> block.getLong(at);
      case INT -> block.getInt(at);
      case FLOAT -> block.getFloat(at);
      case DOUBLE -> block.getDouble(at);
      case REF -> new Ref<>(block.getLong(at));
      case BYTE -> block.get(at);
    };
  }

  @Override
  public String toString() {
    return description;
  }
}
