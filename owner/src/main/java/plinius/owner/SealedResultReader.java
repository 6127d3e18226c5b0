package plinius.owner;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import plinius.dataset.DataSetException;
import plinius.dataset.SealedResult;
import plinius.seal.Id128;
import plinius.seal.RecordSealer;
import plinius.seal.SealException;
import plinius.seal.SecretBytes;
import plinius.seal.Unsealer;

/**
 * Opens what an enclave told the owner of a job and nobody else; {@link SealedResult} is the
 * format.
 */
public final class SealedResultReader {
  private SealedResultReader() {}

  /**
   * Opens a whole sealed result.
   *
   * @param name for messages
   * @param jobKey K_job of the job that made it
   * @throws DataSetException.Tampered if it is not whole and authentic
   * @throws DataSetException.NotADataSet if it is another job's, or holds something else
   */
  public static byte[] open(
      String name, byte[] file, SealedResult.Content content, Id128 job, SecretBytes jobKey) {
    ByteBuffer in = ByteBuffer.wrap(file);
    if (file.length < SealedResult.HEAD_BYTES || in.getLong() != SealedResult.MAGIC) {
      throw new DataSetException.NotADataSet(name, "it is no sealed result");
    }
    byte[] head = Arrays.copyOf(file, SealedResult.HEAD_BYTES);
    if (in.getInt() != content.code() || !Id128.of(head, 16).equals(job)) {
      throw new DataSetException.NotADataSet(
          name, "it is not what job " + job + " was asked for (" + content + ")");
    }
    in.position(SealedResult.HEAD_BYTES);
    ByteArrayOutputStream opened = new ByteArrayOutputStream(file.length);
    try (SecretBytes key = SealedResult.key(jobKey, head);
        Unsealer unsealer = new Unsealer(key)) {
      boolean last = false;
      for (long number = 0; !last; number++) {
        int length = in.remaining() < 4 ? -1 : in.getInt();
        last = length < 0;
        int plain = length & ~SealedResult.LAST;
        if (plain > SealedResult.PIECE_BYTES || plain + RecordSealer.OVERHEAD > in.remaining()) {
          throw new SealException.NotAuthentic("it ends too early");
        }
        byte[] piece = new byte[plain];
        byte[] aad = SealedResult.aad(head, number, length);
        int sealed = plain + RecordSealer.OVERHEAD;
        unsealer.unseal(number, file, in.position(), sealed, aad, piece, 0);
        in.position(in.position() + sealed);
        opened.write(piece);
        Arrays.fill(piece, (byte) 0);
      }
      if (in.hasRemaining()) {
        throw new SealException.NotAuthentic("something follows its end");
      }
    } catch (SealException.NotAuthentic e) {
      throw new DataSetException.Tampered(
          name + " was altered or is not whole: " + e.getMessage() + ". Ask for it again");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return opened.toByteArray();
  }
}
