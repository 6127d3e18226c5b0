package plinius.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import plinius.owner.OwnerKey;

/** Reads the owner's key, asking for its passphrase where it has one. */
final class KeyFiles {
  private static final int MAX_PASSPHRASE_BYTES = 4096;

  private KeyFiles() {}

  static OwnerKey load(Path file, Optional<Path> passphraseFile) {
    if (!Files.isReadable(file)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          (Files.exists(file) ? "cannot read the key file " : "there is no key file ")
              + file
              + "; `plinius key new "
              + file
              + "` makes one");
    }
    return OwnerKey.load(
        file,
        () -> passphraseFile.map(KeyFiles::readPassphrase).orElseGet(() -> askPassphrase(file)));
  }

  private static char[] askPassphrase(Path file) {
    return Terminal.askSecret("Passphrase of " + file + ": ")
        .orElseThrow(
            () ->
                new Refusal(
                    ExitCode.BAD_INPUT,
                    file
                        + " is sealed with a passphrase and nobody is there to type it: "
                        + "name a file that holds it with --passphrase-file"));
  }

  /** The first line of a file, without ever becoming a String, which could not be wiped. */
  static char[] readPassphrase(Path file) {
    byte[] bytes = new byte[0];
    try {
      if (Files.size(file) > MAX_PASSPHRASE_BYTES) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            "the passphrase file " + file + " has more than " + MAX_PASSPHRASE_BYTES + " bytes");
      }
      bytes = Files.readAllBytes(file);
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      int length = 0;
      while (length < text.length() && text.charAt(length) != '\n' && text.charAt(length) != '\r') {
        length++;
      }
      if (length == 0) {
        throw new Refusal(
            ExitCode.BAD_INPUT, "the first line of the passphrase file " + file + " is empty");
      }
      char[] passphrase = new char[length];
      text.get(passphrase);
      Arrays.fill(text.array(), '\0');
      return passphrase;
    } catch (CharacterCodingException e) {
      throw new Refusal(ExitCode.BAD_INPUT, "the passphrase file " + file + " is not UTF-8");
    } catch (IOException e) {
      throw new Refusal(
          ExitCode.BAD_INPUT, "cannot read the passphrase file " + file + ": " + Failures.why(e));
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }
}
