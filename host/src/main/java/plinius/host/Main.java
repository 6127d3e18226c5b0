package plinius.host;

import java.util.List;

/**
 * The host process. Started by the verbs train and test with {@link HostArguments}, standard input
 * a pipe that stays open for as long as the one who started it lives (its end stops the host and
 * the enclave at once), standard output and error inherited: JSON lines or text for people. SIGTERM
 * and SIGINT let the enclave finish its iteration and mirror it. Its exit code is the command's:
 * whoever starts it passes the code on.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    HostArguments.parse(List.of(arguments));
  }
}
