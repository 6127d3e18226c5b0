package plinius.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import plinius.cli.ExitCode;
import plinius.cli.Refusal;

/**
 * An experiment's folder: its raw data as CSV, and findings.json, which is written last and whole:
 * where it is, the experiment has ended and need not be run again.
 *
 * @param effort of the run
 * @param machine on which, and when
 * @param tables names of the CSV files
 */
record FindingsFile(
    Laboratory.Effort effort,
    Machine machine,
    List<String> tables,
    List<Figure> figures,
    List<Claim> claims,
    List<String> notes) {

  static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(new Jdk8Module())
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private static final String NAME = "findings.json";

  static void write(Path folder, Laboratory.Effort effort, Machine machine, Findings findings) {
    FindingsFile file =
        new FindingsFile(
            effort,
            machine,
            findings.tables().stream().map(Table::name).toList(),
            findings.figures(),
            findings.claims(),
            findings.notes());
    try {
      Files.createDirectories(folder);
      findings.tables().forEach(table -> table.write(folder));
      replace(folder.resolve(NAME), JSON.writeValueAsString(file) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a file so that it is there whole or as it was before. */
  static void replace(Path file, String text) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The findings in a folder; nothing if the experiment did not end there. */
  static Optional<FindingsFile> read(Path folder) {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(Files.readString(file), FindingsFile.class));
    } catch (JsonProcessingException e) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          file
              + " is not what an experiment leaves: "
              + e.getOriginalMessage()
              + "; remove the folder, and the experiment runs again");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The findings with their raw data. */
  Findings findings(Path folder) {
    List<Table> read = new ArrayList<>();
    for (String name : tables) {
      try {
        read.add(Table.parse(name, Files.readString(folder.resolve(name + ".csv"))));
      } catch (IOException e) {
        throw new Refusal(
            ExitCode.BAD_INPUT,
            "raw data is missing: "
                + e.getMessage()
                + "; remove the folder "
                + folder.getFileName()
                + ", and the experiment runs again");
      }
    }
    return new Findings(read, figures, claims, notes);
  }
}
