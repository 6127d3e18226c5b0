package plinius.cli;

/** A command whose failures programs read too: with --json they are events on standard output. */
interface JsonErrors {
  boolean wantsJson();
}
