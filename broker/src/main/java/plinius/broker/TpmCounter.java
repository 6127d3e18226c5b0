package plinius.broker;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import plinius.seal.KeyDerivation;
import plinius.seal.KeyedDigest;
import plinius.seal.SecretBytes;

/**
 * A counter in the non-volatile memory of a TPM 2.0 that only goes up and that only who has the
 * owner's key can read or move: its authorisation derives from that key, and each use of it,
 * command and response, bears an HMAC under it (Part 1 section 19, sessions that are neither bound
 * nor salted).
 *
 * <p>Who sits between broker and TPM while the counter is made learns the authorisation. Who owns
 * the TPM may remove the counter, which is noticed; who owns an emulated one may put all of it
 * back, which is not.
 */
final class TpmCounter {
  /** Where our counter lies unless another index is named: among those of owners. */
  static final int DEFAULT_INDEX = 0x0180504c;

  private static final String PREFIX = "tpm:";
  private static final int OWNER_INDEX_MIN = 0x01800000;
  private static final int OWNER_INDEX_MAX = 0x01bfffff;

  private static final short NO_SESSIONS = (short) 0x8001;
  private static final short SESSIONS = (short) 0x8002;
  private static final int RH_OWNER = 0x40000001;
  private static final int RH_NULL = 0x40000007;
  private static final int RS_PASSWORD = 0x40000009;
  private static final short ALG_NULL = 0x0010;
  private static final short ALG_SHA256 = 0x000b;
  private static final int DIGEST_BYTES = 32;

  private static final int NV_DEFINE_SPACE = 0x12a;
  private static final int NV_INCREMENT = 0x134;
  private static final int NV_READ = 0x14e;
  private static final int FLUSH_CONTEXT = 0x165;
  private static final int NV_READ_PUBLIC = 0x169;
  private static final int START_AUTH_SESSION = 0x176;

  /** A handle that is not there: format one, error 0x0b, whichever handle it is. */
  private static final int RC_HANDLE = 0x8b;

  private static final int RC_HANDLE_MASK = 0xff;

  // AUTHWRITE, type counter, AUTHREAD, NO_DA; nothing for the owner of the TPM or by policy.
  private static final int ATTRIBUTES = 1 << 2 | 1 << 4 | 1 << 18 | 1 << 25;
  private static final int WRITTEN = 1 << 29;

  private final String where;
  private final int index;
  private final SecretBytes authorisation;

  private TpmCounter(String where, int index, SecretBytes authorisation) {
    this.where = where;
    this.index = index;
    this.authorisation = authorisation;
  }

  /**
   * The counter of an address: {@code tpm:/dev/tpmrm0}, {@code tpm:unix:PATH}, {@code
   * tpm:tcp:HOST:PORT}, each with {@code @0x01......} behind it for another index.
   *
   * @param key whose holders alone may use the counter
   * @throws BrokerException.StateUnusable if it is no such address
   */
  static TpmCounter at(String address, SecretBytes key) {
    int sign = address.lastIndexOf('@');
    String where = sign < 0 ? address : address.substring(0, sign);
    try {
      int index = sign < 0 ? DEFAULT_INDEX : Integer.decode(address.substring(sign + 1));
      if (!where.startsWith(PREFIX) || index < OWNER_INDEX_MIN || index > OWNER_INDEX_MAX) {
        throw new NumberFormatException();
      }
      return new TpmCounter(
          where.substring(PREFIX.length()),
          index,
          KeyDerivation.derive(key, new byte[0], "plinius/tpm-counter", KeyDerivation.part(index)));
    } catch (NumberFormatException e) {
      throw new BrokerException.StateUnusable(
          "an anchor is tpm:/dev/tpmrm0, tpm:unix:PATH or tpm:tcp:HOST:PORT, with @INDEX from"
              + " 0x01800000 to 0x01bfffff behind it if another is wanted; got "
              + address);
    }
  }

  /** Its value; empty if there is no counter at this index, or none that ever counted. */
  Optional<Long> read() {
    return with(
        channel ->
            (attributes(channel).orElse(0) & WRITTEN) == 0
                ? Optional.empty()
                : Optional.of(read(channel)));
  }

  /**
   * Makes the counter; its first value is above that of any which this TPM ever had. One that a
   * crash left before its first value is taken.
   */
  long create() {
    define();
    return with(
        channel -> {
          use(channel, NV_INCREMENT, ATTRIBUTES, new byte[0]);
          return read(channel);
        });
  }

  /** The first half of {@link #create}: a counter without a value. */
  void define() {
    with(
        channel -> {
          if (attributes(channel).isEmpty()) {
            define(channel);
          }
          return true;
        });
  }

  /** Adds one and returns the new value. */
  long increment() {
    return with(
        channel -> {
          use(channel, NV_INCREMENT, ATTRIBUTES | WRITTEN, new byte[0]);
          return read(channel);
        });
  }

  @Override
  public String toString() {
    return "%s%s@0x%08x".formatted(PREFIX, where, index);
  }

  // ---------------------------------------------------------------- commands

  private Optional<Integer> attributes(TpmChannel channel) throws IOException {
    ByteBuffer answer = channel.call(command(NO_SESSIONS, NV_READ_PUBLIC, ints(index)));
    int code = answer.getInt(6);
    if (code != 0 && (code & RC_HANDLE_MASK) == RC_HANDLE) {
      return Optional.empty();
    }
    require(code, "look for the counter");
    // TPM2B_NV_PUBLIC: its size, then index, algorithm and attributes.
    return Optional.of(answer.getInt(10 + 2 + Integer.BYTES + Short.BYTES));
  }

  private void define(TpmChannel channel) throws IOException {
    byte[] password = authorisation.copy();
    byte[] area = area(ATTRIBUTES);
    ByteBuffer body = ByteBuffer.allocate(256);
    body.putInt(RH_OWNER);
    body.putInt(9).putInt(RS_PASSWORD).putShort((short) 0).put((byte) 0).putShort((short) 0);
    body.putShort((short) password.length).put(password);
    body.putShort((short) area.length).put(area);
    byte[] command = command(SESSIONS, NV_DEFINE_SPACE, taken(body));
    try {
      require(channel.call(command).getInt(6), "make the counter");
    } finally {
      Arrays.fill(password, (byte) 0);
      Arrays.fill(command, (byte) 0);
      Arrays.fill(body.array(), (byte) 0);
    }
  }

  private long read(TpmChannel channel) throws IOException {
    ByteBuffer parameters = ByteBuffer.allocate(4).putShort((short) 8).putShort((short) 0);
    ByteBuffer value = use(channel, NV_READ, ATTRIBUTES | WRITTEN, parameters.array());
    if (value.remaining() != 10 || value.getShort() != 8) {
      throw new IOException("the counter is not one of eight bytes");
    }
    return value.getLong();
  }

  /** One command on the counter in a session of its own; returns the answer's parameters. */
  private ByteBuffer use(TpmChannel channel, int code, int attributes, byte[] parameters)
      throws IOException {
    byte[] ours = nonce();
    ByteBuffer start = ByteBuffer.allocate(64).putInt(RH_NULL).putInt(RH_NULL);
    start.putShort((short) ours.length).put(ours).putShort((short) 0);
    start.put((byte) 0).putShort(ALG_NULL).putShort(ALG_SHA256);
    ByteBuffer session = channel.call(command(NO_SESSIONS, START_AUTH_SESSION, taken(start)));
    require(session.getInt(6), "start a session");
    session.position(10);
    int handle = session.getInt();
    byte[] theirs = sized(session);

    byte[] fresh = nonce();
    byte[] name = name(attributes);
    byte[] asked = sha256(ints(code), name, name, parameters);
    ByteBuffer body = ByteBuffer.allocate(256).putInt(index).putInt(index);
    body.putInt(4 + 2 + fresh.length + 1 + 2 + DIGEST_BYTES).putInt(handle);
    body.putShort((short) fresh.length).put(fresh).put((byte) 0);
    body.putShort((short) DIGEST_BYTES).put(hmac(asked, fresh, theirs)).put(parameters);
    ByteBuffer answer = channel.call(command(SESSIONS, code, taken(body)));
    if (answer.getInt(6) != 0) {
      channel.call(command(NO_SESSIONS, FLUSH_CONTEXT, ints(handle)));
    }
    require(answer.getInt(6), "use the counter");
    return authentic(answer, code, fresh);
  }

  /** The parameters of an answer whose HMAC shows that the TPM with our counter gave it. */
  private ByteBuffer authentic(ByteBuffer answer, int code, byte[] ours) throws IOException {
    answer.position(10);
    byte[] parameters = new byte[Math.clamp(answer.getInt(), 0, answer.remaining())];
    answer.get(parameters);
    byte[] theirs = sized(answer);
    byte attributes = answer.get();
    byte[] given = sized(answer);
    byte[] said = sha256(ints(0), ints(code), parameters);
    if (attributes != 0 || !MessageDigest.isEqual(given, hmac(said, theirs, ours))) {
      throw new IOException("its answer does not bear the HMAC of our counter");
    }
    return ByteBuffer.wrap(parameters);
  }

  // ---------------------------------------------------------------- structures

  private static byte[] command(short tag, int code, byte[] body) {
    return ByteBuffer.allocate(10 + body.length)
        .putShort(tag)
        .putInt(10 + body.length)
        .putInt(code)
        .put(body)
        .array();
  }

  /** TPMS_NV_PUBLIC. */
  private byte[] area(int attributes) {
    return ByteBuffer.allocate(14)
        .putInt(index)
        .putShort(ALG_SHA256)
        .putInt(attributes)
        .putShort((short) 0)
        .putShort((short) Long.BYTES)
        .array();
  }

  private byte[] name(int attributes) {
    return ByteBuffer.allocate(2 + DIGEST_BYTES)
        .putShort(ALG_SHA256)
        .put(sha256(area(attributes)))
        .array();
  }

  private byte[] hmac(byte[] what, byte[] newer, byte[] older) {
    try (KeyedDigest digest = new KeyedDigest(authorisation)) {
      return digest.update(what).update(newer).update(older).update(new byte[1]).finish();
    }
  }

  private static byte[] nonce() {
    byte[] nonce = new byte[DIGEST_BYTES];
    new SecureRandom().nextBytes(nonce);
    return nonce;
  }

  private static byte[] sized(ByteBuffer from) {
    byte[] bytes = new byte[Math.clamp(from.getShort(), 0, from.remaining())];
    from.get(bytes);
    return bytes;
  }

  private static byte[] taken(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.position()];
    buffer.get(0, bytes);
    return bytes;
  }

  private static byte[] ints(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
  }

  private static byte[] sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void require(int code, String what) throws IOException {
    if (code != 0) {
      throw new IOException("it refuses to " + what + " (TPM_RC 0x%03x)".formatted(code));
    }
  }

  private interface Use<T> {
    T of(TpmChannel channel) throws IOException;
  }

  private <T> T with(Use<T> use) {
    try (TpmChannel channel = TpmChannel.open(where)) {
      return use.of(channel);
    } catch (IOException | BufferUnderflowException | IllegalArgumentException e) {
      throw new BrokerException.StateUnusable(
          "the anchor "
              + this
              + " cannot be used: "
              + (e.getMessage() == null ? "its answer is cut short" : e.getMessage())
              + ". Nothing is released meanwhile",
          e);
    }
  }
}
