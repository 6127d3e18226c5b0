package plinius.evaluation.process;

/** Ends a process, and what it started, when this one ends or loses interest before it did. */
final class ProcessEnd implements AutoCloseable {
  private final Process process;
  private final Thread hook;

  private ProcessEnd(Process process) {
    this.process = process;
    this.hook = new Thread(() -> kill(process), "end-process");
  }

  static ProcessEnd with(Process process) {
    ProcessEnd end = new ProcessEnd(process);
    Runtime.getRuntime().addShutdownHook(end.hook);
    return end;
  }

  /** SIGKILL for the process and everything below it, at one instant as far as there is one. */
  static void kill(Process process) {
    var below = process.descendants().toList();
    process.destroyForcibly();
    below.forEach(ProcessHandle::destroyForcibly);
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill(process);
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This process is ending, and the hook is running.
    }
  }
}
