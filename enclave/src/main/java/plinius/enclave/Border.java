package plinius.enclave;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import plinius.attestation.AttestationException;
import plinius.attestation.kbs.KbsRequest;
import plinius.attestation.kbs.KbsResponse;
import plinius.attestation.kbs.KbsTransport;
import plinius.boundary.BoundaryException;
import plinius.boundary.Bytes;
import plinius.boundary.Channel;
import plinius.boundary.Codec;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.HostMessage;

/**
 * The enclave's side of the border. A thread of its own listens, so that a stop is heard in the
 * middle of an iteration and the host's death ends the enclave at once, before another seal.
 */
final class Border implements KbsTransport {
  private final Channel<EnclaveMessage, HostMessage> channel;
  private final BlockingQueue<HostMessage> inbox = new LinkedBlockingQueue<>(16);
  private volatile boolean stopRequested;

  Border(InputStream in, OutputStream out) {
    DataInputStream said = new DataInputStream(new BufferedInputStream(in));
    channel = new Channel<>(said, out, Codec::encode, Codec::decode);
    Thread.ofPlatform().daemon().name("border").start(this::listen);
  }

  private void listen() {
    try {
      Optional<HostMessage> message = channel.receive();
      while (message.isPresent()) {
        if (message.get() instanceof HostMessage.Stop) {
          stopRequested = true;
        } else if (!inbox.offer(message.get())) {
          throw new BoundaryException.Malformed("the host says more than it was asked");
        }
        message = channel.receive();
      }
    } catch (BoundaryException e) {
      send(ExitCode.of(e));
    }
    Runtime.getRuntime().halt(70);
  }

  void send(EnclaveMessage message) {
    try {
      channel.send(message);
    } catch (BoundaryException.Broken e) {
      // Nobody listens any more: as if the pipe's other end had been seen to close.
      Runtime.getRuntime().halt(70);
    }
  }

  /** Whether the host wants the training to stop after this iteration. */
  boolean stopRequested() {
    return stopRequested;
  }

  /** The next message, which must be of this kind. Like {@link #call}, by one thread at a time. */
  <M extends HostMessage> M await(Class<M> kind) {
    HostMessage message = next();
    if (!kind.isInstance(message)) {
      throw new BoundaryException.Malformed(
          "the host says %s where %s is due"
              .formatted(message.getClass().getSimpleName(), kind.getSimpleName()));
    }
    return kind.cast(message);
  }

  private HostMessage next() {
    try {
      return inbox.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the enclave", e);
    }
  }

  @Override
  public KbsResponse call(KbsRequest request) {
    send(
        new EnclaveMessage.KbsCall(
            request.method(),
            request.path(),
            request.cookie(),
            Bytes.of(request.body().getBytes(StandardCharsets.UTF_8))));
    HostMessage answer = next();
    return switch (answer) {
      case HostMessage.KbsReply reply ->
          new KbsResponse(
              reply.status(),
              reply.cookie(),
              new String(reply.body().array(), StandardCharsets.UTF_8));
      case HostMessage.KbsUnreachable unreachable ->
          throw new AttestationException.Unreachable(unreachable.reason());
      default ->
          throw new BoundaryException.Malformed(
              "the host answers a call with " + answer.getClass().getSimpleName());
    };
  }
}
