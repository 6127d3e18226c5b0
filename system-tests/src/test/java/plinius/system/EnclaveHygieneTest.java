package plinius.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What the enclave's virtual machine tells its host on the ways that virtual machines have. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EnclaveHygieneTest {
  /** Else each tool waits ten seconds for a virtual machine that will not answer. */
  private static final String SOON = "-J-Dsun.tools.attach.attachTimeout=1000";

  private World world;
  private Plinius.Running running;
  private long enclave;
  private long host;

  @BeforeAll
  void hold_an_enclave_that_trains() throws IOException {
    world = World.make();
    running = world.startTraining(world.newPm());
    running.awaitOutput("\"iteration\":2,");
    running.signalHost("STOP"); // The enclave waits for it soon and stays.
    JsonNode processes = Plinius.Run.firstEvent(Files.readString(running.out()), "processes");
    enclave = processes.path("enclave").asLong();
    host = processes.path("host").asLong();
  }

  @AfterAll
  void clean_up() {
    if (running != null) {
      World.family(running.process()).forEach(ProcessHandle::destroyForcibly);
    }
    if (world != null) {
      world.close();
    }
  }

  @Test
  void no_tool_can_attach_to_it() throws Exception {
    Path dump = world.file("enclave.hprof");
    for (List<String> tool :
        List.of(
            List.of("jcmd", SOON, pid(), "GC.heap_dump", dump.toString()),
            List.of("jstack", SOON, pid()),
            List.of("jmap", SOON, "-dump:format=b,file=" + dump, pid()))) {
      Result result = tool(tool);
      assertThat(result.code).as("%s said %s", tool, result.said).isNotZero();
      assertThat(result.said).doesNotContain("JDK 25", "java.lang.Thread.State");
    }
    assertThat(dump).doesNotExist();
  }

  @Test
  void the_same_tool_attaches_to_a_virtual_machine_that_allows_it() throws Exception {
    Result result =
        tool(List.of("jcmd", SOON, Long.toString(ProcessHandle.current().pid()), "VM.version"));

    assertThat(result.code).as(result.said).isZero();
  }

  @Test
  void it_has_no_environment_and_only_the_measured_arguments() throws IOException {
    assertThat(Files.readAllBytes(proc(enclave, "environ"))).isEmpty();
    assertThat(Files.readAllBytes(proc(host, "environ"))).isNotEmpty();
    List<String> words =
        List.of(Files.readString(proc(enclave, "cmdline"), StandardCharsets.UTF_8).split("\0"));
    assertThat(words.subList(1, words.size()))
        .containsExactly("-m", "plinius.enclave/plinius.enclave.Main");
  }

  @Test
  void it_opens_no_socket_and_no_file_of_counters() throws IOException {
    List<String> open = new ArrayList<>();
    try (Stream<Path> files = Files.list(proc(enclave, "fd"))) {
      for (Path file : files.toList()) {
        open.add(Files.readSymbolicLink(file).toString());
      }
    }
    assertThat(open).isNotEmpty().noneMatch(name -> name.startsWith("socket:"));
    String maps = Files.readString(proc(enclave, "maps"));
    assertThat(maps).contains("model.pm").doesNotContain("hsperfdata");
  }

  @Test
  void its_image_has_no_module_for_management_attaching_agents_or_dumps() throws Exception {
    Path image = Path.of(System.getProperty("plinius.image", Plinius.root() + "/target/image"));
    String modules =
        new String(
            output(List.of(image.resolve("bin/java") + "", "--list-modules")),
            StandardCharsets.UTF_8);

    assertThat(modules)
        .contains("plinius.enclave", "java.base")
        .doesNotContain(
            "java.management", "java.instrument", "jdk.attach", "jdk.jcmd", "jdk.jdwp", "jdk.jfr")
        .doesNotContain("java.net.http", "jdk.httpserver", "plinius.owner", "plinius.broker");
    assertThat(image.resolve("lib/libjdwp.so")).doesNotExist();
    assertThat(image.resolve("lib/libinstrument.so")).doesNotExist();
    assertThat(image.resolve("lib/libmanagement.so")).doesNotExist();
    assertThat(image.resolve("bin/jcmd")).doesNotExist();
  }

  @Test
  void an_enclave_that_crashes_says_nothing_leaves_nothing_and_goes_on_later() throws Exception {
    Path pm = world.newPm();
    Plinius.Running crashing = world.startTraining(pm);
    crashing.awaitOutput("\"iteration\":2,");
    JsonNode processes = Plinius.Run.firstEvent(Files.readString(crashing.out()), "processes");
    String victim = processes.path("enclave").asText();
    Path folder = Files.readSymbolicLink(Path.of("/proc", victim, "cwd")).toAbsolutePath();

    tool(List.of("/bin/kill", "-SEGV", victim));
    Plinius.Run run = crashing.end();

    run.expect(75);
    assertThat(run.reason()).contains("the same command");
    assertThat(run.out() + run.err()).doesNotContain("SIGSEGV", "RAX=", "Registers:", "# JRE");
    for (Path place : List.of(folder, Path.of("/tmp"))) {
      assertThat(place.resolve("hs_err_pid" + victim + ".log")).doesNotExist();
      assertThat(place.resolve("core." + victim)).doesNotExist();
      assertThat(Files.exists(place.resolve("core"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }
    world.train(pm, "--iterations", 4).expect(0);
  }

  private static Path proc(long pid, String name) {
    return Path.of("/proc", Long.toString(pid), name);
  }

  private String pid() {
    return Long.toString(enclave);
  }

  private record Result(int code, String said) {}

  /** A tool of the JDK, or the program of that path; one that waits for an answer is ended. */
  private static Result tool(List<String> command) throws Exception {
    List<String> words = new ArrayList<>(command);
    if (!words.getFirst().startsWith("/")) {
      words.set(0, Path.of(System.getProperty("java.home"), "bin", words.getFirst()).toString());
    }
    Path said = Files.createTempFile("plinius", ".said");
    Process process =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    try {
      return new Result(process.exitValue(), Files.readString(said));
    } finally {
      Files.delete(said);
    }
  }

  private static byte[] output(List<String> command) {
    try {
      return new ProcessBuilder(command).start().getInputStream().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
