package plinius.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import plinius.dataset.DataSetInfo;
import plinius.owner.SealedFile;
import plinius.seal.Id128;

/** Sealed data sets, as everybody may see them. */
final class SealedFiles {
  private SealedFiles() {}

  /** The plain header of a sealed file; nothing of it is authenticated. */
  static DataSetInfo info(Path file) {
    requireReadable(file, "`plinius data seal` makes one");
    return SealedFile.info(file);
  }

  /** The plain header of a sealed file of this owner. */
  static DataSetInfo infoForOwner(Path file, Path keyFile, Id128 keyId) {
    DataSetInfo info = info(file);
    if (!info.ownerKeyId().equals(keyId)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          "wrong key: "
              + file
              + " is sealed under the key with id "
              + info.ownerKeyId()
              + ", but "
              + keyFile
              + " is the key with id "
              + keyId);
    }
    return info;
  }

  static void requireReadable(Path file, String advice) {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          (Files.exists(file) ? "cannot read " : "there is no file ") + file + "; " + advice);
    }
  }
}
