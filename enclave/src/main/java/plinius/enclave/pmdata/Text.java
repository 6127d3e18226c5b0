package plinius.enclave.pmdata;

import java.util.Arrays;
import plinius.darknet.Network;
import plinius.dataset.DataKind;

/** A sealed text, unsealed piece by piece as it is read. One thread. */
public final class Text {
  private final PmData data;
  private final int pieceBytes;
  private final long length;
  private final byte[] piece;
  private long held = -1;

  /**
   * A text for a network that takes and predicts one character a row.
   *
   * @throws plinius.enclave.EnclaveException.BadInput if the data or the network is for other
   *     things
   */
  public Text(PmData data, Network network) {
    if (data.kind().data() != DataKind.TEXT
        || network.inputs() != data.kind().classes()
        || network.truths() != data.kind().classes()) {
      throw data.unfit(
          "pieces of " + data.kind().data() + " with " + data.kind().classes() + " characters",
          "takes %d and predicts %d; set inputs in [net] and output in its last layer"
              .formatted(network.inputs(), network.truths()));
    }
    this.data = data;
    pieceBytes = data.kind().width();
    piece = new byte[pieceBytes];
    length = (data.count() - 1) * pieceBytes + data.loadPiece(data.count() - 1, piece);
    Arrays.fill(piece, (byte) 0);
  }

  /** Characters of the whole text. */
  public long length() {
    return length;
  }

  /** Copies characters from a place on, and from the beginning again after the end. */
  public void copy(long from, byte[] target) {
    for (int i = 0; i < target.length; i++) {
      long at = (from + i) % length;
      if (at / pieceBytes != held) {
        held = at / pieceBytes;
        data.loadPiece(held, piece);
      }
      target[i] = piece[(int) (at % pieceBytes)];
    }
  }
}
