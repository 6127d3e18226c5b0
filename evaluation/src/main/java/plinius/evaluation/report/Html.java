package plinius.evaluation.report;

/** Text that is safe inside an element and inside a quoted attribute. */
final class Html {
  private Html() {}

  static String text(String words) {
    return words
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
