package plinius.owner;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import plinius.seal.Id128;
import plinius.seal.KeyDerivation;
import plinius.seal.RecordSealer;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * The owner's master key: 32 random bytes that never leave the owner. Everything else derives from
 * it; an enclave receives only the derived keys of its job.
 *
 * <p>Its file is versioned text, raw or sealed by a passphrase; the format to the byte is in
 * docs/design/sealed-data.md.
 */
public final class OwnerKey implements AutoCloseable {
  static final String FIRST_LINE = "plinius-owner-key 1";
  static final String KDF = "PBKDF2-HMAC-SHA512";
  static final int ITERATIONS = 600_000;
  static final int ITERATIONS_MIN = 100_000;
  // Two to three seconds for each million: a hostile file may not hold a processor for hours.
  static final int ITERATIONS_MAX = 10_000_000;
  static final int SALT_BYTES = 32;
  static final int FILE_BYTES_MAX = 1024;

  private static final byte[] NO_SALT = new byte[0];
  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("---rwxrwx");

  private final SecretBytes master;
  private final Id128 id;

  private OwnerKey(SecretBytes master) {
    this.master = master;
    this.id = KeyDerivation.keyId(master);
  }

  /** A fresh key. */
  public static OwnerKey generate() {
    return new OwnerKey(SecretBytes.random(KeyDerivation.KEY_BYTES));
  }

  /** For known answers. */
  static OwnerKey of(byte[] master) {
    return new OwnerKey(SecretBytes.copyOf(master));
  }

  /** The public name of this key, carried in plain by all that is sealed under it. */
  public Id128 id() {
    return id;
  }

  /** K_job: what the state keys of a job's runs derive from. */
  public SecretBytes jobKey(Id128 job) {
    return derive("plinius/job", job.bytes());
  }

  /** Seals the records of one data set. */
  public SecretBytes recordKey(Id128 dataSet) {
    return derive("plinius/data", dataSet.bytes());
  }

  /** Seals the manifest of one data set. */
  public SecretBytes manifestKey(Id128 dataSet) {
    return derive("plinius/manifest", dataSet.bytes());
  }

  /** Keys the stateDigest: equal for equal states across pools, runs and jobs of one seed. */
  public SecretBytes digestKey(long seed) {
    return derive("plinius/state-digest", KeyDerivation.part(seed));
  }

  /** Keys the order of the samples. */
  public SecretBytes orderKey(long seed) {
    return derive("plinius/sample-order", KeyDerivation.part(seed));
  }

  /** Keys the hash chain of the broker's log. */
  public SecretBytes brokerLogKey() {
    return derive("plinius/broker-log");
  }

  private SecretBytes derive(String label, byte[]... parts) {
    return KeyDerivation.derive(master, NO_SALT, label, parts);
  }

  /**
   * Writes a new file of mode 0600 and makes it durable. Never overwrites. A crash inside leaves a
   * torn file that {@link #load} refuses; nothing is sealed yet under a key whose save has not
   * returned.
   *
   * @param passphrase seals the key by PBKDF2-HMAC-SHA512 and AES-256-GCM; the caller wipes it
   */
  public void save(Path file, Optional<char[]> passphrase) {
    save(file, passphrase, ITERATIONS);
  }

  void save(Path file, Optional<char[]> passphrase, int iterations) {
    byte[] text = passphrase.map(word -> sealedText(word, iterations)).orElseGet(this::rawText);
    try {
      write(file, text);
    } finally {
      Arrays.fill(text, (byte) 0);
    }
  }

  private byte[] rawText() {
    byte[] head = ascii(FIRST_LINE + "\nid " + id + "\nkind raw\nkey ");
    byte[] key = master.copy();
    byte[] hex = hex(key);
    byte[] text = Arrays.copyOf(head, head.length + hex.length + 1);
    System.arraycopy(hex, 0, text, head.length, hex.length);
    text[text.length - 1] = '\n';
    Arrays.fill(hex, (byte) 0);
    Arrays.fill(key, (byte) 0);
    return text;
  }

  private byte[] sealedText(char[] passphrase, int iterations) {
    if (passphrase.length == 0) {
      throw new IllegalArgumentException("an empty passphrase protects nothing: give one, or none");
    }
    byte[] salt;
    try (SecretBytes random = SecretBytes.random(SALT_BYTES)) {
      salt = random.copy();
    }
    byte[] head = ascii(sealedHead(id, iterations, salt));
    byte[] sealed = new byte[KeyDerivation.KEY_BYTES + RecordSealer.OVERHEAD];
    byte[] plain = master.copy();
    // The salt is fresh, so the wrapping key seals this one record and no other.
    try (SecretBytes wrapping = stretch(passphrase, salt, iterations);
        RecordSealer sealer = new RecordSealer(wrapping)) {
      sealer.seal(0, plain, 0, plain.length, head, sealed, 0);
    } finally {
      Arrays.fill(plain, (byte) 0);
    }
    return ascii(
        new String(head, StandardCharsets.US_ASCII)
            + "sealed "
            + HexFormat.of().formatHex(sealed)
            + "\n");
  }

  private static String sealedHead(Id128 id, int iterations, byte[] salt) {
    return FIRST_LINE
        + "\nid "
        + id
        + "\nkind passphrase\nkdf "
        + KDF
        + "\niterations "
        + iterations
        + "\nsalt "
        + HexFormat.of().formatHex(salt)
        + "\n";
  }

  private static SecretBytes stretch(char[] passphrase, byte[] salt, int iterations) {
    PBEKeySpec spec = new PBEKeySpec(passphrase, salt, iterations, 8 * KeyDerivation.KEY_BYTES);
    try {
      return owning(
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512").generateSecret(spec).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no PBKDF2WithHmacSHA512", e);
    } finally {
      spec.clearPassword();
    }
  }

  private static void write(Path file, byte[] text) {
    boolean posix =
        Files.getFileAttributeView(absoluteParent(file), PosixFileAttributeView.class) != null;
    FileAttribute<?>[] mode =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    try (FileChannel channel =
        FileChannel.open(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode)) {
      try {
        for (ByteBuffer rest = ByteBuffer.wrap(text); rest.hasRemaining(); ) {
          channel.write(rest);
        }
        channel.force(true);
      } catch (IOException e) {
        Files.deleteIfExists(file); // ours: CREATE_NEW made it
        throw e;
      }
    } catch (FileAlreadyExistsException e) {
      throw new KeyFileException.Exists(file);
    } catch (IOException e) {
      throw new KeyFileException.Unusable("write", file, e);
    }
    try (FileChannel directory = FileChannel.open(absoluteParent(file), StandardOpenOption.READ)) {
      directory.force(true); // or the name may not survive a power cut
    } catch (IOException e) {
      throw new KeyFileException.Unusable("make durable the folder of", file, e);
    }
  }

  private static Path absoluteParent(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    return parent == null ? file.toAbsolutePath() : parent;
  }

  /**
   * Reads a key file strictly.
   *
   * @param passphrase asked only if the file is sealed by one; what it returns is wiped here
   * @throws KeyFileException.Bad if it is no key file, is damaged, or is raw and open to others
   * @throws KeyFileException.WrongPassphrase if the passphrase does not open it
   */
  public static OwnerKey load(Path file, Supplier<char[]> passphrase) {
    byte[] bytes = read(file);
    try {
      return parse(file, bytes, passphrase);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  private static byte[] read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new KeyFileException.Bad(
            file,
            Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                ? "it is not an ordinary file"
                : "there is no such file. Make one with: plinius key new " + file);
      }
      try (var in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
        if (bytes.length > FILE_BYTES_MAX) {
          throw new KeyFileException.Bad(
              file, "it has more than " + FILE_BYTES_MAX + " bytes, so it is no key file");
        }
        return bytes;
      }
    } catch (IOException e) {
      throw new KeyFileException.Unusable("read", file, e);
    }
  }

  static OwnerKey parse(Path file, byte[] bytes, Supplier<char[]> passphrase) {
    for (byte b : bytes) {
      if ((b < ' ' || b > '~') && b != '\n') {
        throw new KeyFileException.Bad(file, "it is not plain text, so it is no key file");
      }
    }
    String text = new String(bytes, StandardCharsets.US_ASCII);
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !lines.getFirst().startsWith("plinius-owner-key ")) {
      throw new KeyFileException.Bad(file, "it does not start with \"" + FIRST_LINE + "\"");
    }
    if (!lines.getFirst().equals(FIRST_LINE)) {
      throw new KeyFileException.Bad(
          file, "its version is another than 1, the one this Plinius reads");
    }
    if (!text.endsWith("\n")) {
      throw new KeyFileException.Bad(file, "it ends inside a line: restore it from its backup");
    }
    Fields fields = new Fields(file, lines);
    Id128 id;
    try {
      id = Id128.parse(fields.next("id"));
    } catch (SealException.Malformed e) {
      throw new KeyFileException.Bad(file, e.getMessage());
    }
    String kind = fields.next("kind");
    OwnerKey key =
        switch (kind) {
          case "raw" -> raw(file, fields);
          case "passphrase" -> passphraseSealed(file, fields, id, passphrase);
          default ->
              throw new KeyFileException.Bad(
                  file, "its kind is neither raw nor passphrase: restore it from its backup");
        };
    if (!key.id.equals(id)) {
      key.close();
      throw new KeyFileException.Bad(
          file, "its key is not the one that its id " + id + " names: restore it from its backup");
    }
    return key;
  }

  private static OwnerKey raw(Path file, Fields fields) {
    refuseIfOpenToOthers(file);
    byte[] master = fields.hex("key", KeyDerivation.KEY_BYTES);
    fields.end();
    return new OwnerKey(owning(master));
  }

  private static OwnerKey passphraseSealed(
      Path file, Fields fields, Id128 id, Supplier<char[]> supplier) {
    if (!fields.next("kdf").equals(KDF)) {
      throw new KeyFileException.Bad(file, "its kdf is another than " + KDF);
    }
    int iterations = fields.number("iterations", ITERATIONS_MIN, ITERATIONS_MAX);
    byte[] salt = fields.hex("salt", SALT_BYTES);
    byte[] sealed = fields.hex("sealed", KeyDerivation.KEY_BYTES + RecordSealer.OVERHEAD);
    fields.end();
    char[] passphrase = supplier.get();
    byte[] master = new byte[KeyDerivation.KEY_BYTES];
    try (SecretBytes wrapping = stretch(passphrase, salt, iterations);
        Unsealer unsealer = new Unsealer(wrapping)) {
      byte[] head = ascii(sealedHead(id, iterations, salt));
      unsealer.unseal(0, sealed, 0, sealed.length, head, master, 0);
    } catch (SealException.NotAuthentic e) {
      throw new KeyFileException.WrongPassphrase(file);
    } finally {
      Arrays.fill(passphrase, '\0');
    }
    return new OwnerKey(owning(master));
  }

  /** A raw key that others can read is no secret; better said than used. */
  private static void refuseIfOpenToOthers(Path file) {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    if (view == null || !Files.exists(file)) {
      return;
    }
    try {
      Set<PosixFilePermission> permissions = view.readAttributes().permissions();
      if (permissions.stream().anyMatch(OTHERS::contains)) {
        throw new KeyFileException.Bad(
            file,
            "its mode "
                + PosixFilePermissions.toString(permissions)
                + " opens it to others. If nobody else has read it: chmod 600 "
                + file);
      }
    } catch (IOException e) {
      throw new KeyFileException.Unusable("read the mode of", file, e);
    }
  }

  /** Takes the bytes over and wipes them here. */
  private static SecretBytes owning(byte[] secret) {
    try {
      return SecretBytes.copyOf(secret);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  private static byte[] hex(byte[] secret) {
    byte[] hex = new byte[2 * secret.length];
    for (int i = 0; i < secret.length; i++) {
      hex[2 * i] = (byte) Character.forDigit((secret[i] >> 4) & 15, 16);
      hex[2 * i + 1] = (byte) Character.forDigit(secret[i] & 15, 16);
    }
    return hex;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Never prints the key. */
  @Override
  public String toString() {
    return "OwnerKey[" + id + "]";
  }

  @Override
  public void close() {
    master.close();
  }

  /** The lines after the first, each "name value", in their one order. */
  private static final class Fields {
    private final Path file;
    private final List<String> lines;
    private int at = 1;

    Fields(Path file, List<String> lines) {
      this.file = file;
      this.lines = lines;
    }

    String next(String name) {
      if (at == lines.size() || !lines.get(at).startsWith(name + " ")) {
        throw damaged("\"" + name + " ...\"");
      }
      return lines.get(at++).substring(name.length() + 1);
    }

    byte[] hex(String name, int bytes) {
      String digits = next(name);
      if (!digits.matches("[0-9a-f]{" + 2 * bytes + "}")) {
        at--;
        throw damaged(name + " with " + 2 * bytes + " lower-case hexadecimal digits");
      }
      return HexFormat.of().parseHex(digits);
    }

    int number(String name, int min, int max) {
      String digits = next(name);
      if (!digits.matches("[1-9][0-9]{0,8}")
          || Integer.parseInt(digits) < min
          || Integer.parseInt(digits) > max) {
        at--;
        throw damaged(name + " from " + min + " to " + max);
      }
      return Integer.parseInt(digits);
    }

    void end() {
      if (at != lines.size()) {
        throw damaged("the end of the file");
      }
    }

    private KeyFileException.Bad damaged(String expected) {
      return new KeyFileException.Bad(
          file, "line " + (at + 1) + " is not " + expected + ": restore it from its backup");
    }
  }
}
