package plinius.pmem;

import java.util.Optional;
import jdk.internal.misc.Unsafe;

/**
 * The write-back of the virtual machine, which needs no executable page of ours but an export of
 * java.base. It fences on every call. A class of its own, so that only its use fails where the
 * export is missing.
 */
record UnsafeWriteBack(Unsafe unsafe) {
  /** Present if the virtual machine has it and lets this module use it. */
  static final Optional<UnsafeWriteBack> AVAILABLE = load();

  private static Optional<UnsafeWriteBack> load() {
    try {
      return Unsafe.isWritebackEnabled()
          ? Optional.of(new UnsafeWriteBack(Unsafe.getUnsafe()))
          : Optional.empty();
    } catch (IllegalAccessError notExported) {
      return Optional.empty();
    }
  }

  void writeBack(long start, long end) {
    unsafe.writebackMemory(start, end - start);
  }
}
