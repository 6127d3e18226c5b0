package plinius.boundary;

/**
 * Something that crosses the border between the untrusted host and the enclave. There is nothing
 * else: the enclave opens no socket and the host sees no memory of it. Bytes in
 * docs/design/boundary.md.
 */
public sealed interface Message permits HostMessage, EnclaveMessage {
  /** Longest encoded message, type included. */
  int BYTES_MAX = 16 << 20;

  /** Version of all messages together; a {@link HostMessage.Begin} of another one is refused. */
  int VERSION = 7;

  /** Longest sealed restart cache: a grant of the most data sets takes a fifth. */
  int RESTART_BYTES_MAX = 64 << 10;

  /** Refuses a record whose parts cannot be meant. */
  static void check(boolean condition, String field, Object got) {
    if (!condition) {
      throw new BoundaryException.Malformed("message field " + field + " cannot be " + got);
    }
  }
}
