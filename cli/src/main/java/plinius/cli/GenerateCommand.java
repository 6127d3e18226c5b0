package plinius.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.Query;
import plinius.dataset.SealedResult;
import plinius.ingest.TextSource;

/** Lets a model of characters write. */
@Command(
    name = "generate",
    description = {
      "Lets the mirrored model write on from a text, in an enclave. The text goes in sealed and",
      "comes out sealed: the owner's key opens it here."
    })
final class GenerateCommand implements Callable<Integer>, JsonErrors {
  @Mixin private ModelOptions run;
  @Mixin private OwnerKeyOptions key;
  @Mixin private SealedAnswer sealed;

  @ArgGroup(multiplicity = "1")
  private Prompt prompt;

  @Option(
      names = "--length",
      paramLabel = "N",
      defaultValue = "500",
      description = "Characters to write (default: ${DEFAULT-VALUE}).")
  private int length;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.7",
      description = "Below 1 for likelier characters, above for stranger ones (default: 0.7).")
  private double temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Another seed writes another text (default: ${DEFAULT-VALUE}).")
  private long seed;

  /** What the text begins with. */
  private static final class Prompt {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "What the text begins with.")
    private String text;

    @Option(
        names = "--data",
        paramLabel = "F",
        description = "A sealed text to go on from, instead of --prompt.")
    private Path data;
  }

  @Override
  public boolean wantsJson() {
    return run.json();
  }

  @Override
  public Integer call() {
    if (length < 1 || !(temperature > 0 && temperature <= 100)) {
      throw new Refusal(
          ExitCode.USAGE, "--length takes 1 or more, --temperature more than 0 and at most 100");
    }
    return prompt.data != null
        ? ask(prompt.data)
        : SealedQuestion.ask("the prompt", key, this::text, this::ask);
  }

  private TextSource text() {
    return TextSource.of("the prompt", prompt.text.getBytes(StandardCharsets.UTF_8));
  }

  private int ask(Path text) {
    Query query =
        new Query(
            length, temperature, seed, sealed.best(), Query.NONE.threshold(), Query.NONE.overlap());
    return sealed.ask(
        run.request(Mode.GENERATE, text).asking(new RunRequest.Question(query, Optional.empty())),
        key,
        SealedResult.Content.TEXT,
        answer -> {
          Terminal.out().write(answer, 0, answer.length);
          Terminal.out().println();
        });
  }
}
