package plinius.romulus;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;
import plinius.pmem.PersistentMemory;

/**
 * Where everything lies in a pool, format version 2; docs/design/pmem-format.md draws it. All
 * integers are little-endian, all parts begin at multiples of 4096, all references are offsets.
 *
 * <pre>
 *   0      static header: magic, version, identity, sizes, CRC-32C; written once
 *   4096   the changing word, in a page of its own: value (48 bits), CRC-16 (16 bits)
 *   4160   two witnesses, each a line; version 1 has none
 *   8192   twin 0, then twin 1, then the extents
 * </pre>
 */
final class PoolFormat {
  static final int PAGE_BYTES = PersistentMemory.PAGE_BYTES;
  static final long POOL_BYTES_MAX = 1L << 46;
  static final int VERSION = 2;

  /** "PLINIUS" and a byte that no text has. */
  static final long MAGIC = 0xFA_53_55_49_4E_49_4C_50L;

  static final int MAGIC_OFFSET = 0;
  private static final int VERSION_OFFSET = 8;
  private static final int PROTOCOL_OFFSET = 12;
  private static final int KEY_ID_OFFSET = 16;
  private static final int JOB_ID_OFFSET = 32;
  private static final int POOL_BYTES_OFFSET = 48;
  private static final int TWIN_BYTES_OFFSET = 56;
  private static final int USED_END = 64;
  private static final int CRC_OFFSET = PAGE_BYTES - 4;

  static final long WORD_OFFSET = PAGE_BYTES;
  static final long TWINS_OFFSET = 2L * PAGE_BYTES;

  /** The largest value of the changing word; what it means is the protocol's. */
  static final long VALUE_MAX = (1L << 48) - 1;

  private PoolFormat() {}

  /** The static header, with its sizes checked. */
  record Header(
      int version, PoolIdentity identity, Protocol protocol, long poolBytes, long twinBytes) {
    /** Whether commits may have witnesses: an older program would not look for them. */
    boolean witnessed() {
      return version > 1;
    }

    long twin(int index) {
      return TWINS_OFFSET + index * twinBytes;
    }

    long extentsOffset() {
      return TWINS_OFFSET + 2 * twinBytes;
    }
  }

  /** The page of the static header, complete with magic. */
  static byte[] encode(Header header) {
    ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    page.putLong(MAGIC_OFFSET, MAGIC);
    page.putInt(VERSION_OFFSET, header.version());
    page.putInt(PROTOCOL_OFFSET, header.protocol().code());
    page.put(KEY_ID_OFFSET, HexFormat.of().parseHex(header.identity().keyId()));
    page.put(JOB_ID_OFFSET, HexFormat.of().parseHex(header.identity().jobId()));
    page.putLong(POOL_BYTES_OFFSET, header.poolBytes());
    page.putLong(TWIN_BYTES_OFFSET, header.twinBytes());
    page.putInt(CRC_OFFSET, crc32c(page.array()));
    return page.array();
  }

  /** Reads and checks the static header against the memory that it lies in. */
  static Header readHeader(PersistentMemory memory) {
    long memoryBytes = memory.bytes();
    header(memoryBytes >= TWINS_OFFSET, "%d bytes of memory are less than a header", memoryBytes);
    byte[] bytes = new byte[PAGE_BYTES];
    memory.read(0, bytes, 0, PAGE_BYTES);
    ByteBuffer page = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long magic = page.getLong(MAGIC_OFFSET);
    if (magic == 0) {
      throw new PoolException.NotFormatted(
          "there is no pool here yet: it was never formatted, or formatting was interrupted");
    }
    if (magic == Long.reverseBytes(MAGIC)) {
      throw new PoolException.Incompatible(
          "the pool has the other byte order: this program reads and writes little-endian pools");
    }
    header(magic == MAGIC, "it begins with %x and not with the mark of a pool", magic);
    header(page.getInt(CRC_OFFSET) == crc32c(bytes), "its checksum does not fit");
    int version = page.getInt(VERSION_OFFSET);
    int code = page.getInt(PROTOCOL_OFFSET);
    Optional<Protocol> protocol = Protocol.of(code);
    if (version < 1 || version > VERSION || protocol.isEmpty()) {
      throw new PoolException.Incompatible(
          ("the pool has format version %d, protocol %d; this program knows versions 1 to %d,"
                  + " protocols 0 (ping-pong) and 1 (romulus)")
              .formatted(version, code, VERSION));
    }
    for (int i = USED_END; i < CRC_OFFSET; i++) {
      header(bytes[i] == 0, "unused byte %d is not zero", i);
    }
    String keyId = HexFormat.of().formatHex(bytes, KEY_ID_OFFSET, JOB_ID_OFFSET);
    String jobId = HexFormat.of().formatHex(bytes, JOB_ID_OFFSET, POOL_BYTES_OFFSET);
    long poolBytes = page.getLong(POOL_BYTES_OFFSET);
    long twinBytes = page.getLong(TWIN_BYTES_OFFSET);
    String wrong = wrongSizes(poolBytes, twinBytes);
    header(wrong == null, "%s", wrong);
    String truncated = "the pool has %d bytes and the memory only %d: it was truncated";
    require(memoryBytes >= poolBytes, "size", truncated, poolBytes, memoryBytes);
    return new Header(
        version, new PoolIdentity(keyId, jobId), protocol.get(), poolBytes, twinBytes);
  }

  private static void header(boolean sound, String what, Object... values) {
    require(sound, "static header", what, values);
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation is no part of the JDK
  static void require(boolean sound, String where, String what, Object... values) {
    if (!sound) {
      throw new PoolException.Corrupt(where, what.formatted(values));
    }
  }

  /** What is wrong with these sizes; null if nothing. */
  static String wrongSizes(long poolBytes, long twinBytes) {
    if (poolBytes % PAGE_BYTES != 0 || poolBytes < 0 || poolBytes > POOL_BYTES_MAX) {
      return "pool of %d bytes: a multiple of 4096 up to %d is needed"
          .formatted(poolBytes, POOL_BYTES_MAX);
    }
    long most = Math.min(PoolSizing.TWIN_BYTES_MAX, (poolBytes - TWINS_OFFSET) / 2);
    if (twinBytes % PAGE_BYTES != 0 || twinBytes < 2L * PAGE_BYTES || twinBytes > most) {
      return ("twins of %d bytes in a pool of %d: a multiple of 4096 is needed, at least 8192 and"
              + " at most %d, and both must fit")
          .formatted(twinBytes, poolBytes, PoolSizing.TWIN_BYTES_MAX);
    }
    return null;
  }

  /** The changing word for a value of up to 48 bits. */
  static long word(long value) {
    return value << 16 | crc16(value);
  }

  /** Reads and checks the changing word, its page and the witnesses; returns the newest value. */
  static long readValue(PersistentMemory memory, Header header) {
    byte[] bytes = new byte[PAGE_BYTES];
    memory.read(WORD_OFFSET, bytes, 0, PAGE_BYTES);
    if (header.witnessed()) {
      Arrays.fill(bytes, PersistentMemory.LINE_BYTES, 3 * PersistentMemory.LINE_BYTES, (byte) 0);
    }
    for (int i = Long.BYTES; i < PAGE_BYTES; i++) {
      require(bytes[i] == 0, "page of the changing word", "unused byte %d is not zero", i);
    }
    long word = memory.getLong(WORD_OFFSET);
    require(word == word(word >>> 16), "changing word", "its checksum does not fit");
    long value = new Witness(memory, header).newest(word >>> 16);
    boolean classic = header.protocol() == Protocol.ROMULUS;
    boolean known = !classic || ClassicTwins.state(value) <= ClassicTwins.COPYING;
    require(known, "changing word", "it has a state that there is not");
    return value;
  }

  private static int crc32c(byte[] page) {
    CRC32C crc = new CRC32C();
    crc.update(page, 0, CRC_OFFSET);
    return (int) crc.getValue();
  }

  /**
   * CRC-16/CCITT-FALSE over the six bytes of a value, the highest first: notices every burst of up
   * to 16 bits. By a table, because every commit computes one.
   */
  private static int crc16(long value) {
    int crc = 0xFFFF;
    for (int shift = 40; shift >= 0; shift -= 8) {
      crc = (crc << 8 ^ CRC16[(crc >>> 8 ^ (int) (value >>> shift)) & 0xFF]) & 0xFFFF;
    }
    return crc;
  }

  private static final char[] CRC16 = new char[256];

  static {
    for (int octet = 0; octet < 256; octet++) {
      int crc = octet << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
      }
      CRC16[octet] = (char) crc;
    }
  }
}
