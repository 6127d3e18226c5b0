package plinius.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A hierarchy of classes out of its text; its numbers are compared where layers use it. */
class FileTreeTest {
  @Test
  void siblings_are_those_that_stand_together_below_one_parent() {
    FileTree tree = FileTree.parse("a\nb -1\n\nc 0\n  d 0\ne 1\n");

    assertThat(tree.size()).isEqualTo(5);
    assertThat(tree.groupSizes()).containsExactly(2, 2, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb 1\n", "a\nb -2\n", "a\nb x\n"})
  void a_parent_is_an_earlier_line(String text) {
    assertThatThrownBy(() -> FileTree.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("has a parent in line 2 that is no earlier line.");
  }

  @Test
  void a_text_without_lines_is_no_tree() {
    assertThatThrownBy(() -> FileTree.parse(" \n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("is empty.");
  }
}
