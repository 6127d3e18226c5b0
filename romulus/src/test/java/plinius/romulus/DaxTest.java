package plinius.romulus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A machine with persistent memory, emulated by QEMU: an ext4 file system on an NVDIMM, mounted
 * with DAX. The pool is created on it, used, filled around, and the whole machine killed twice.
 * Emulated means that what was stored and not flushed survives too: the crash tests look for that,
 * this one for what only a kernel does, MAP_SYNC, a full file system, its journal after the power
 * is gone.
 *
 * <p>Skipped where QEMU, ndctl, a kernel or the like are not to be had. Without hardware
 * virtualization, so that it runs anywhere; slow, so that it has a profile of its own.
 */
@Tag("dax")
class DaxTest {
  private static final Path SCRIPT = Path.of("src/test/dax/machine.sh").toAbsolutePath();
  private static final Path MACHINE = Path.of("target/dax").toAbsolutePath();

  /** Without its label a multiple of 16 MiB, or there is no namespace of it. */
  private static final int NVDIMM_MIB = 256 + 2;

  @TempDir Path folder;

  @Test
  @Timeout(value = 60, unit = TimeUnit.MINUTES)
  void a_pool_on_a_dax_device_is_recovered_after_the_machine_was_killed_and_survives_a_full_disk()
      throws Exception {
    Path nvdimm = nvdimm();
    try {
      buildMachine();
      List<String> first = run(nvdimm, true, "step 12.");
      assertThat(first).anyMatch(line -> line.startsWith("mounted") && line.contains("dax"));
      assertThat(first).anyMatch(line -> line.startsWith("medium DAX CLWB survives the loss"));
      assertThat(first).contains("found 0.");

      List<String> second = run(nvdimm, false, "step " + (lastStep(first) + 60) + ".");
      // More may have been committed than the console had shown.
      assertThat(found(second)).isGreaterThanOrEqualTo(lastStep(first));
      assertThat(second).anyMatch(line -> line.startsWith("full: No space left on device"));

      List<String> third = run(nvdimm, false, "found ");
      assertThat(found(third)).isGreaterThanOrEqualTo(lastStep(second));
      report(List.of(first, second, third));
    } finally {
      Files.delete(nvdimm);
    }
  }

  private Path nvdimm() throws IOException {
    Path memoryFolder = Path.of("/dev/shm");
    Path file =
        Files.createTempFile(
            Files.isWritable(memoryFolder) ? memoryFolder : folder, "plinius-nvdimm-", ".img");
    try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
      image.setLength((long) NVDIMM_MIB << 20);
    }
    return file;
  }

  private static void buildMachine() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no bash");
    Process building =
        new ProcessBuilder(
                "/bin/bash",
                SCRIPT.toString(),
                MACHINE.toString(),
                System.getProperty("java.home"),
                KillTest.classPath())
            .redirectErrorStream(true)
            .start();
    String said = new String(building.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = building.waitFor();
    assumeTrue(status != 69, said);
    assertThat(status).as(said).isZero();
  }

  /** What the machine said until it said this; it is killed at once, whatever it is doing. */
  private static List<String> run(Path nvdimm, boolean fresh, String until) throws Exception {
    Process machine =
        new ProcessBuilder(command(nvdimm, fresh))
            .directory(MACHINE.toFile())
            .redirectErrorStream(true)
            .start();
    List<String> console = new ArrayList<>();
    List<String> said = new ArrayList<>();
    Path log = MACHINE.resolve(fresh ? "console-new.txt" : "console.txt");
    try (BufferedReader lines = machine.inputReader(StandardCharsets.UTF_8);
        PrintWriter copy = new PrintWriter(Files.newBufferedWriter(log), true)) {
      boolean reached = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        console.add(line);
        copy.println(line);
        int mark = line.indexOf("pm: ");
        if (mark < 0) {
          continue;
        }
        said.add(line.substring(mark + 4).strip());
        if (!reached && said.getLast().startsWith(until)) {
          reached = true;
          machine.toHandle().destroyForcibly(); // which leaves what it said to be read
        }
      }
      assertThat(reached).as("%s in %s", until, console).isTrue();
    } finally {
      machine.destroyForcibly();
    }
    return said;
  }

  private static List<String> command(Path nvdimm, boolean fresh) {
    return List.of(
        "qemu-system-x86_64",
        "-accel",
        "tcg",
        "-cpu",
        "max",
        "-machine",
        "pc,nvdimm=on",
        "-m",
        "900M,slots=2,maxmem=2G",
        "-object",
        "memory-backend-file,id=m,share=on,mem-path=" + nvdimm + ",size=" + NVDIMM_MIB + "M",
        "-device",
        "nvdimm,id=n,memdev=m,label-size=2M",
        "-drive",
        "file=disk.img,format=raw,if=virtio,readonly=on",
        "-kernel",
        "vmlinuz",
        "-initrd",
        "initramfs.gz",
        "-append",
        "console=ttyS0 quiet panic=-1" + (fresh ? " plinius.new" : ""),
        "-nographic",
        "-no-reboot",
        "-net",
        "none");
  }

  private static int found(List<String> said) {
    return numbers(said, "found ").getFirst();
  }

  private static int lastStep(List<String> said) {
    return numbers(said, "step ").getLast();
  }

  /** Lines end with a full stop, so that one that was cut off is not taken for a smaller number. */
  private static List<Integer> numbers(List<String> said, String what) {
    return said.stream()
        .filter(line -> line.startsWith(what) && line.endsWith("."))
        .map(line -> Integer.parseInt(line.substring(what.length(), line.length() - 1)))
        .toList();
  }

  private static void report(List<List<String>> runs) throws IOException {
    List<String> lines = new ArrayList<>();
    for (List<String> run : runs) {
      lines.add("boot");
      run.stream().filter(line -> !line.startsWith("step ")).forEach(lines::add);
      numbers(run, "step ").stream()
          .reduce((_, last) -> last)
          .ifPresent(s -> lines.add("step " + s));
    }
    Files.write(MACHINE.resolve("report.txt"), lines);
  }
}
