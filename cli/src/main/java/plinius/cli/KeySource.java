package plinius.cli;

import picocli.CommandLine.ArgGroup;

/** Whose keys or record a verb uses: of the two, one is given, and the other null. */
final class KeySource {
  /** The owner's key, and with it the record beside it. */
  @ArgGroup(exclusive = false)
  OwnerKeyOptions owner;

  /** A broker that serves elsewhere. */
  @ArgGroup(exclusive = false)
  BrokerOptions broker;
}
