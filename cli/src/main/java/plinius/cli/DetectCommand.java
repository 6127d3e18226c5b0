package plinius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.Query;
import plinius.darknet.cfg.CfgFile;
import plinius.dataset.ByteSource;
import plinius.dataset.DataSetInfo;
import plinius.dataset.Label;
import plinius.dataset.SealedDataSet;
import plinius.dataset.SealedResult;
import plinius.ingest.BoxedPicture;
import plinius.ingest.Pictures;
import plinius.owner.OwnerKey;
import plinius.owner.SealedFile;
import plinius.seal.SecretBytes;

/** What a detector finds in scenes, for nobody but the owner. */
@Command(
    name = "detect",
    description = {
      "Lets the mirrored detector look for things in sealed scenes, or in pictures that are sealed",
      "for this, in an enclave. Its answer is sealed to the owner, whose key opens it here."
    })
final class DetectCommand implements Callable<Integer>, JsonErrors {
  @Mixin private ModelOptions run;
  @Mixin private OwnerKeyOptions key;
  @Mixin private SealedAnswer sealed;

  @ArgGroup(multiplicity = "1")
  private Scenes scenes;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      defaultValue = "0.5",
      description = "Leave out what is less probable (default: ${DEFAULT-VALUE}).")
  private double threshold;

  @Option(
      names = "--nms",
      paramLabel = "IOU",
      defaultValue = "0.45",
      description = {
        "Of boxes of a class that overlap by more than this, intersection over union, only the"
            + " most",
        "probable stays (default: ${DEFAULT-VALUE})."
      })
  private double overlap;

  @Option(
      names = "--names",
      paramLabel = "F",
      description = "A text with the classes' names, one a line.")
  private Path names;

  @Option(
      names = "--draw",
      paramLabel = "DIR",
      description = "Write each picture with the boxes drawn into it, in plain, as DIR/N.png.")
  private Path folder;

  /** Where to look. */
  private static final class Scenes {
    @Option(names = "--data", paramLabel = "F", description = "A sealed data set of scenes.")
    private Path data;

    @Option(
        names = "--image",
        paramLabel = "F",
        description = "A PNG or JPEG file; may be given several times.")
    private List<Path> images;
  }

  /** A box that was found, as shares of its picture. */
  record Find(Label.Box box, float probability) {}

  @Override
  public boolean wantsJson() {
    return run.json();
  }

  @Override
  public Integer call() {
    if (!(threshold >= 0 && threshold <= 1) || !(overlap >= 0 && overlap <= 1)) {
      throw new Refusal(
          ExitCode.USAGE,
          "--threshold and --nms take 0 to 1, got " + threshold + " and " + overlap);
    }
    return scenes.data != null
        ? ask(scenes.data)
        : SealedQuestion.ask("the pictures", key, this::pictures, this::ask);
  }

  /** In the size that the network takes. */
  private Pictures pictures() {
    RunRequest request = run.request(Mode.DETECT, Path.of(""));
    CfgFile cfg = CfgDigests.read(request.cfg(), request.settings());
    String last = cfg.layers().getLast().type();
    if (!List.of("yolo", "region", "detection").contains(last)) {
      throw new Refusal(
          ExitCode.BAD_INPUT,
          request.cfg()
              + " ends in ["
              + last
              + "] and detects nothing: want [yolo], [region] or [detection]");
    }
    Pictures.Size size =
        new Pictures.Size(
            cfg.net().integer("height"), cfg.net().integer("width"), cfg.net().integer("channels"));
    return Pictures.ofUnknown(scenes.images, cfg.layers().getLast().integer("classes"), size);
  }

  private int ask(Path data) {
    List<String> known = ClassNames.in(Optional.ofNullable(names));
    Query query =
        new Query(
            0, Query.NONE.temperature(), Query.NONE.draws(), sealed.best(), threshold, overlap);
    return sealed.ask(
        run.request(Mode.DETECT, data).asking(new RunRequest.Question(query, Optional.empty())),
        key,
        SealedResult.Content.BOXES,
        answer -> {
          try (Originals originals = new Originals(data)) {
            print(ByteBuffer.wrap(answer), originals, known);
          } catch (IOException e) {
            throw new Refusal(
                ExitCode.MEDIUM, "cannot draw into " + folder + ": " + Failures.why(e));
          }
        });
  }

  private void print(ByteBuffer answer, Originals originals, List<String> known)
      throws IOException {
    if (folder != null) {
      Files.createDirectories(folder);
    }
    for (int sample = 0; answer.hasRemaining(); sample++) {
      BoxedPicture picture = originals.picture(sample);
      List<Find> finds = new ArrayList<>();
      for (int left = answer.getInt(); left > 0; left--) {
        int category = answer.getInt();
        float probability = answer.getFloat();
        Label.Box box =
            new Label.Box(
                category,
                answer.getFloat(),
                answer.getFloat(),
                answer.getFloat(),
                answer.getFloat());
        finds.add(new Find(originals.inPicture(box, picture), probability));
      }
      Terminal.out()
          .println(
              run.json()
                  ? json(sample, finds, picture, known)
                  : text(originals.name(sample), finds, picture, known));
      if (folder != null) {
        finds.reversed().forEach(find -> picture.draw(find.box())); // the surest on top
        picture.write(folder.resolve(sample + ".png"));
      }
    }
  }

  /**
   * Left, top, right and bottom in pixels, within the picture: a network that has learned little
   * may put a box anywhere, in any size.
   */
  static int[] edges(Label.Box box, BoxedPicture picture) {
    return new int[] {
      edge(box.x() - box.w() / 2, picture.width()),
      edge(box.y() - box.h() / 2, picture.height()),
      edge(box.x() + box.w() / 2, picture.width()),
      edge(box.y() + box.h() / 2, picture.height())
    };
  }

  private static int edge(float share, int pixels) {
    return Math.clamp(Math.round(share * pixels), 0, pixels);
  }

  private static String text(
      String name, List<Find> finds, BoxedPicture picture, List<String> known) {
    StringBuilder lines = new StringBuilder(name).append(finds.isEmpty() ? ": nothing" : ":");
    for (Find find : finds) {
      int[] edges = edges(find.box(), picture);
      lines.append(
          String.format(
              Locale.ROOT,
              "%n  %s %.4f  left %d top %d right %d bottom %d",
              ClassNames.name(find.box().category(), known),
              find.probability(),
              edges[0],
              edges[1],
              edges[2],
              edges[3]));
    }
    return lines.toString();
  }

  static ObjectNode json(int sample, List<Find> finds, BoxedPicture picture, List<String> known) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put("event", "detection").put("sample", sample);
    line.put("width", picture.width()).put("height", picture.height());
    ArrayNode boxes = line.putArray("boxes");
    for (Find find : finds) {
      Label.Box box = find.box();
      ObjectNode found = boxes.addObject();
      found.put("class", box.category()).put("name", ClassNames.name(box.category(), known));
      found.set("probability", JsonLines.number(find.probability()));
      found.set("x", JsonLines.number(box.x()));
      found.set("y", JsonLines.number(box.y()));
      found.set("w", JsonLines.number(box.w()));
      found.set("h", JsonLines.number(box.h()));
    }
    return line;
  }

  /** The pictures that were asked about, as the owner has them. */
  private final class Originals implements AutoCloseable {
    private final String name;
    private final DataSetInfo info;
    private final ByteSource source;
    private final SealedDataSet set;
    private final byte[] values;

    Originals(Path data) {
      name = data.toString();
      info = SealedFiles.info(data);
      values = new byte[info.kind().valueBytes()];
      try (OwnerKey owner = key.load();
          SecretBytes recordKey = owner.recordKey(info.id());
          SecretBytes manifestKey = owner.manifestKey(info.id())) {
        source = SealedFile.open(data);
        try {
          set = SealedDataSet.open(name, source, recordKey, manifestKey);
        } catch (RuntimeException e) {
          source.close();
          throw e;
        }
      }
    }

    BoxedPicture picture(int sample) {
      if (scenes.images != null) {
        return BoxedPicture.of(scenes.images.get(sample));
      }
      set.read(sample, values);
      return BoxedPicture.of(values, info.kind());
    }

    String name(int sample) {
      return scenes.images != null ? scenes.images.get(sample).toString() : "sample " + sample;
    }

    Label.Box inPicture(Label.Box box, BoxedPicture picture) {
      return scenes.images == null
          ? box
          : picture.fromLetterbox(box, info.kind().height(), info.kind().width());
    }

    @Override
    public void close() {
      set.close();
      source.close();
    }
  }
}
