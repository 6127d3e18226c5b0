package plinius.enclave;

import java.util.Arrays;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.Advance;
import plinius.boundary.BoundaryException;
import plinius.boundary.EnclaveMessage.Failed;
import plinius.darknet.DarknetException;
import plinius.dataset.DataSetException;
import plinius.enclave.mirror.MirrorException;
import plinius.pmem.PmemException;
import plinius.romulus.PoolException;
import plinius.seal.SealException;

/**
 * What to tell the host about a failure: the exit code of its class and a message. The switches
 * have no default where the modules' exceptions are sealed, so that a new failure does not compile
 * until somebody chose its code. An unforeseen one is told by its place in the code only: its
 * message might hold plaintext.
 */
final class ExitCode {
  private static final int BAD_INPUT = 65;
  private static final int UNREACHABLE = 69;
  private static final int INTERNAL = 70;
  private static final int TAMPERED = 71;
  private static final int MEDIUM = 73;
  private static final int IN_USE = 74;
  private static final int DIVERGED = 76;
  private static final int REFUSED = 77;
  private static final int NOT_FOUND = 404;
  private static final int BROKER_FAILED = 500;

  private ExitCode() {}

  static Failed of(Throwable failure) {
    int code =
        switch (failure) {
          case EnclaveException e ->
              switch (e) {
                case EnclaveException.BadInput _ -> BAD_INPUT;
                case EnclaveException.InUse _ -> IN_USE;
                case EnclaveException.Diverged _ -> DIVERGED;
                case EnclaveException.BadStart _ -> INTERNAL;
              };
          case MirrorException e ->
              switch (e) {
                case MirrorException.Tampered _, MirrorException.Stale _ -> TAMPERED;
                case MirrorException.NotFinite _ -> DIVERGED;
                case MirrorException.WrongKey _,
                    MirrorException.OtherConfiguration _,
                    MirrorException.OtherPlan _ ->
                    BAD_INPUT;
              };
          case DataSetException e ->
              switch (e) {
                case DataSetException.BadInput _,
                    DataSetException.NotADataSet _,
                    DataSetException.WrongKey _ ->
                    BAD_INPUT;
                case DataSetException.Tampered _ -> TAMPERED;
              };
          case PoolException e ->
              switch (e) {
                case PoolException.NotFormatted _, PoolException.Incompatible _ -> BAD_INPUT;
                case PoolException.Corrupt _ -> TAMPERED;
                case PoolException.Full _, PoolException.Poisoned _ -> MEDIUM;
                case PoolException.ReadOnly _, PoolException.Aborted _ -> INTERNAL;
              };
          case PmemException e ->
              switch (e) {
                case PmemException.CannotMap _,
                    PmemException.Unsupported _,
                    PmemException.WriteBackFailed _,
                    PmemException.CannotGrow _ ->
                    MEDIUM;
                case PmemException.ReadOnly _ -> INTERNAL;
              };
          case AttestationException e ->
              switch (e) {
                case AttestationException.Refused r when r.status() == NOT_FOUND -> BAD_INPUT;
                case AttestationException.Refused r when r.status() == Advance.CONFLICT -> TAMPERED;
                case AttestationException.Refused r when r.status() >= BROKER_FAILED -> INTERNAL;
                case AttestationException.Refused _ -> REFUSED;
                case AttestationException.Unreachable _ -> UNREACHABLE;
                case AttestationException.BadMessage _ -> TAMPERED;
                case AttestationException.PlatformUnusable _ -> MEDIUM;
              };
          case DarknetException _ -> BAD_INPUT;
          case SealException _, BoundaryException _ -> INTERNAL;
          default -> 0;
        };
    return code == 0 ? unforeseen(failure) : new Failed(code, failure.getMessage());
  }

  private static Failed unforeseen(Throwable failure) {
    String place = place(failure);
    return switch (failure) {
      // What a load from a mapped page becomes that is no longer there.
      case InternalError _ ->
          new Failed(MEDIUM, "a mapped file was truncated, or its medium failed, " + place);
      case OutOfMemoryError _ ->
          new Failed(INTERNAL, "the enclave has too little memory for this network, " + place);
      default ->
          new Failed(INTERNAL, "internal failure, " + failure.getClass().getName() + " " + place);
    };
  }

  /** The innermost line of our own code: says where, and nothing of what was there. */
  private static String place(Throwable failure) {
    return Arrays.stream(failure.getStackTrace())
        .filter(at -> at.getClassName().startsWith("plinius."))
        .map(at -> "at " + at.getClassName() + "." + at.getMethodName() + ":" + at.getLineNumber())
        .findFirst()
        .orElse("at an unknown place");
  }
}
