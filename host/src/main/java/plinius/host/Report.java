package plinius.host;

import java.nio.file.Path;
import plinius.boundary.EnclaveMessage.Answered;
import plinius.boundary.EnclaveMessage.IterationDone;
import plinius.boundary.EnclaveMessage.Ready;
import plinius.boundary.EnclaveMessage.Replanned;
import plinius.boundary.EnclaveMessage.Resumed;
import plinius.boundary.EnclaveMessage.Started;
import plinius.boundary.EnclaveMessage.Tested;
import plinius.boundary.EnclaveMessage.Validated;

/** What the host tells the one who started it. */
sealed interface Report permits JsonReport, TextReport {
  /** The two processes, for those who watch or kill them. */
  void processes(long hostPid, long enclavePid);

  void ready(Ready ready);

  /** Data on its way into persistent memory; {@code bytes} equals {@code of} at the end. */
  void loading(String name, long bytes, long of);

  void started(String job, Started started);

  void resumed(String job, Resumed resumed);

  /** Other kernels go on than those that computed the model so far. */
  void replanned(Replanned replanned);

  void iteration(IterationDone done);

  void validated(Validated validated);

  void tested(Tested tested);

  /** The sealed result is complete in its file. */
  void answered(Answered answered, Path out);

  void done(int iteration, String state);

  void stopped(int iteration, String state);

  /** The enclave was killed as {@code --kill-at} asked. */
  void killed(String at, int iteration, boolean inside);

  void notice(String text);

  void failed(int code, String reason);
}
