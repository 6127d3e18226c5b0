package plinius.darknet;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import plinius.darknet.cfg.Cfg;
import plinius.darknet.cfg.CfgException;
import plinius.darknet.cfg.CfgFile;
import plinius.kernel.Kernels;
import plinius.kernel.Workers;
import plinius.reference.FileTree;

/** What a configuration's files hold is refused by the section that names them. */
final class NamedFilesTest {
  private static final CfgFile CFG =
      Cfg.parse("[net]\ninputs=4\n[softmax]\ntree=t\n", "test.cfg", Map.of());

  @ParameterizedTest
  @CsvSource({
    "'a,b,c 0', has 3 nodes for 4 classes.",
    "'a,b 1', has a parent in line 2 that is no earlier line.",
    "'', is empty.",
  })
  void a_tree_is_refused_by_the_section_that_names_it(String lines, String why) {
    try (Workers workers = new Workers(1)) {
      String text = lines.replace(',', '\n');
      NetworkOptions options =
          new NetworkOptions(Kernels.best(), workers, 1, false, _ -> text, FileTree::parse);

      assertThatThrownBy(() -> Network.build(CFG, options))
          .isInstanceOf(CfgException.class)
          .hasMessage("test.cfg:4: [softmax] tree=t " + why);
    }
  }

  @Test
  void a_file_is_refused_by_its_name_where_none_can_be_read() {
    try (Workers workers = new Workers(1)) {
      NetworkOptions options = new NetworkOptions(Kernels.best(), workers, 1, false);

      assertThatThrownBy(() -> Network.build(CFG, options))
          .isInstanceOf(NetworkException.class)
          .hasMessage(
              "the configuration names the file 't', which cannot be read here;"
                  + " leave tree= and map= out.");
    }
  }
}
