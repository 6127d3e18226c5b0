package plinius.enclave;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import plinius.boundary.EnclaveMessage.Failed;
import plinius.boundary.HostMessage.Begin;
import plinius.kernel.Kernels;
import plinius.seal.AesWarmUp;

/**
 * The enclave's program. Standard input and output are the border; standard error carries nothing
 * but what the virtual machine itself may say. It reads no environment, no arguments and no
 * properties of its caller: everything that differs from run to run comes as a message.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.setOut(System.err);
    Border border =
        new Border(
            new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out));
    // SIGINT reaches the whole process group, and only the host acts on it: the virtual machine
    // begins to end, waits for this hook, and is halted by its main thread when the mirror is out.
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(Main::waitForHalt));
    int code = 0;
    try {
      StartCheck.check();
      CompletableFuture<Void> warmUp =
          CompletableFuture.runAsync(
              AesWarmUp::run, Thread.ofPlatform().daemon().name("aes warm-up")::start);
      code = new Session(border, border.await(Begin.class), warmUp, Kernels.best()).run();
    } catch (RuntimeException | Error e) {
      Failed failed = ExitCode.of(e);
      border.send(failed);
      code = failed.code();
    }
    Runtime.getRuntime().halt(code);
  }

  private static void waitForHalt() {
    for (; ; ) {
      LockSupport.park();
    }
  }
}
