package plinius.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import plinius.boundary.BoundaryException;
import plinius.boundary.Bytes;
import plinius.boundary.Channel;
import plinius.boundary.Codec;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.EnclaveMessage.Metric;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.HostMessage;
import plinius.boundary.HostMessage.Mode;
import plinius.boundary.HostMessage.Protocol;
import plinius.boundary.HostMessage.WriteBack;
import plinius.boundary.Message;

class CodecTest {
  private static final Bytes STATE = bytes("00112233445566778899aabbccddeeff".repeat(2));

  private static Bytes bytes(String hex) {
    return Bytes.of(HexFormat.of().parseHex(hex));
  }

  private static byte[] encode(Message message) {
    return switch (message) {
      case HostMessage m -> HostCodec.encode(m);
      case EnclaveMessage m -> Codec.encode(m);
    };
  }

  /** The types of the enclave's messages begin at 64. */
  private static Message decode(byte[] encoded) {
    return encoded.length > 0 && (encoded[0] & 0xff) >= 64
        ? HostCodec.decode(encoded)
        : Codec.decode(encoded);
  }

  private static Channel<HostMessage, EnclaveMessage> onHost(InputStream in) {
    return new Channel<>(
        new DataInputStream(in), new ByteArrayOutputStream(), HostCodec::encode, HostCodec::decode);
  }

  /** One of each kind, and both forms of what is optional. */
  static List<Message> examples() {
    return List.of(
        new HostMessage.Begin(
            Mode.TRAIN,
            "mnist-12.cfg",
            "[net]\nbatch=128\n",
            List.of(
                new HostMessage.Setting("learning_rate", "0.1"),
                new HostMessage.Setting("max_batches", "60")),
            new HostMessage.DataFile("train.sealed", "/pm/data-1.pm"),
            Optional.of(new HostMessage.DataFile("test.sealed", "/pm/data-2.pm")),
            HostMessage.Query.NONE,
            "/pm/model.pm",
            "/pm/best.pm",
            "/pm/lock",
            "/platform",
            bytes("000102030405060708090a0b0c0d0e0f"),
            2,
            7,
            100,
            500,
            WriteBack.CLWB,
            Protocol.PING_PONG,
            1L << 32,
            STATE,
            true),
        new HostMessage.Begin(
            Mode.TEST,
            "é.cfg",
            "",
            List.of(),
            new HostMessage.DataFile("t", "/t"),
            Optional.empty(),
            new HostMessage.Query(1000, .7, -3, true, .25, 1),
            "/p",
            "/b",
            "/l",
            "/f",
            bytes("ff".repeat(16)),
            1,
            1,
            0,
            0,
            WriteBack.AUTO,
            Protocol.ROMULUS,
            0,
            bytes(""),
            false),
        new HostMessage.KbsReply(200, Optional.of("c0ffee"), bytes("7b7d")),
        new HostMessage.KbsReply(401, Optional.empty(), bytes("")),
        new HostMessage.KbsUnreachable("refused"),
        new HostMessage.PoolReady(),
        new HostMessage.Stop(),
        new EnclaveMessage.Ready("simulation", STATE, "vector (512 bits)", "protects nothing"),
        new EnclaveMessage.KbsCall("POST", "/kbs/v0/auth", Optional.empty(), bytes("7b7d")),
        new EnclaveMessage.KbsCall(
            "GET", "/kbs/v0/resource/a/b/c", Optional.of("c0ffee"), bytes("")),
        new EnclaveMessage.NeedPool(4096, true),
        new EnclaveMessage.Started(500, 1, -1, "by clwb"),
        new EnclaveMessage.Resumed(31, 500, 2, 1, 17, 0.25, 1_000_000, "by msync"),
        new EnclaveMessage.PhaseBegan(Phase.MIRROR_IN, 0),
        new EnclaveMessage.PhaseBegan(Phase.RECOVERY, 32),
        new EnclaveMessage.PhaseBegan(Phase.MIRROR_OUT, 32),
        new EnclaveMessage.IterationDone(32, 0.5, 0.75, 0.1, true, 300, 200, 100, 50),
        new EnclaveMessage.Validated(
            100, new EnclaveMessage.Score(Metric.ACCURACY, 10_000, 9_890, .989), true),
        new EnclaveMessage.Done(500, STATE),
        new EnclaveMessage.Stopped(33, STATE),
        new EnclaveMessage.Tested(
            500, new EnclaveMessage.Score(Metric.BITS_PER_CHARACTER, 4_000, 0, 2.5)),
        new EnclaveMessage.Result(STATE),
        new EnclaveMessage.Answered(500, 10_000),
        new EnclaveMessage.SealedRestart(STATE),
        new EnclaveMessage.Replanned(31, "kernels 3", "kernels 4"),
        new EnclaveMessage.Failed(71, "tensor 3, record 0"),
        new EnclaveMessage.Notice("a note"));
  }

  private static List<String> golden() throws IOException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                CodecTest.class.getResourceAsStream("golden.txt"), StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    }
  }

  /** Host and enclave are built apart: whoever changes a byte raises Message.VERSION. */
  @Test
  void the_bytes_of_every_message_are_frozen() throws IOException {
    List<String> encoded = new ArrayList<>();
    for (Message message : examples()) {
      encoded.add(
          message.getClass().getSimpleName() + " " + HexFormat.of().formatHex(encode(message)));
    }

    assertThat(encoded).isEqualTo(golden());
  }

  @Test
  void the_examples_hold_every_kind_of_message() {
    Set<Class<?>> kinds = new HashSet<>();
    examples().forEach(example -> kinds.add(example.getClass()));

    List<Class<?>> all = new ArrayList<>();
    all.addAll(Arrays.asList(HostMessage.class.getPermittedSubclasses()));
    all.addAll(Arrays.asList(EnclaveMessage.class.getPermittedSubclasses()));
    assertThat(kinds).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void decode_inverts_encode() {
    for (Message message : examples()) {
      assertThat(decode(encode(message))).isEqualTo(message);
    }
  }

  @Test
  void a_message_cut_short_anywhere_is_refused() {
    for (Message message : examples()) {
      byte[] whole = encode(message);
      for (int length = 0; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        assertThatThrownBy(() -> decode(cut))
            .as("%s cut to %d bytes", message, length)
            .isInstanceOf(BoundaryException.Malformed.class);
      }
    }
  }

  @Test
  void a_message_with_a_byte_too_many_is_refused() {
    for (Message message : examples()) {
      byte[] whole = encode(message);
      byte[] longer = Arrays.copyOf(whole, whole.length + 1);
      assertThatThrownBy(() -> decode(longer))
          .as("%s", message)
          .isInstanceOf(BoundaryException.Malformed.class);
    }
  }

  /** Whatever comes: a message that encodes to the very same bytes, or a refusal. */
  @Test
  void changed_bytes_are_another_message_or_refused() {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    List<Message> examples = examples();
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = encode(examples.get(random.nextInt(examples.size())));
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Message decoded;
      try {
        decoded = decode(bytes);
      } catch (BoundaryException.Malformed e) {
        continue;
      }
      assertThat(encode(decoded)).as("seed %d, round %d", seed, round).isEqualTo(bytes);
    }
  }

  @Test
  void random_bytes_are_a_message_or_refused() {
    long seed = Long.getLong("test.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[1 + random.nextInt(100)];
      random.nextBytes(bytes);
      bytes[0] = (byte) (random.nextBoolean() ? 1 + random.nextInt(5) : 65 + random.nextInt(17));
      Message decoded;
      try {
        decoded = decode(bytes);
      } catch (BoundaryException.Malformed e) {
        continue;
      }
      assertThat(encode(decoded)).as("seed %d, round %d", seed, round).isEqualTo(bytes);
    }
  }

  @Test
  void a_negative_int_is_neither_said_nor_heard() {
    assertThatThrownBy(() -> encode(new EnclaveMessage.PhaseBegan(Phase.MIRROR_OUT, -1)))
        .isInstanceOf(BoundaryException.Malformed.class);
    byte[] done = encode(new EnclaveMessage.Done(1, STATE));
    done[1] = -1;

    assertThatThrownBy(() -> decode(done)).isInstanceOf(BoundaryException.Malformed.class);
  }

  @Test
  void a_begin_of_another_version_is_refused() {
    byte[] begin = encode(examples().getFirst());
    begin[4] = 1;

    assertThatThrownBy(() -> decode(begin))
        .isInstanceOf(BoundaryException.Malformed.class)
        .hasMessageContaining("version");
  }

  @Test
  void messages_pass_a_channel_in_order() {
    ByteArrayOutputStream pipe = new ByteArrayOutputStream();
    Channel<EnclaveMessage, HostMessage> enclave =
        new Channel<>(
            new DataInputStream(InputStream.nullInputStream()), pipe, Codec::encode, Codec::decode);
    List<Message> sent = new ArrayList<>();
    for (Message message : examples()) {
      if (message instanceof EnclaveMessage ours) {
        enclave.send(ours);
        sent.add(ours);
      }
    }

    Channel<HostMessage, EnclaveMessage> host =
        onHost(new ByteArrayInputStream(pipe.toByteArray()));
    List<Message> received = new ArrayList<>();
    for (Optional<EnclaveMessage> next = host.receive(); next.isPresent(); next = host.receive()) {
      received.add(next.get());
    }

    assertThat(received).isEqualTo(sent);
  }

  @Test
  void a_message_of_which_the_sender_died_was_not_said() {
    byte[] frame = {0, 0, 0, 9, 67, 0, 0};
    Channel<HostMessage, EnclaveMessage> host = onHost(new ByteArrayInputStream(frame));

    assertThat(host.receive()).isEmpty();
  }

  @Test
  void a_message_of_the_wrong_side_is_refused() {
    byte[] frame = {0, 0, 0, 1, 5}; // Stop, which only the host says
    Channel<HostMessage, EnclaveMessage> host = onHost(new ByteArrayInputStream(frame));

    assertThatThrownBy(host::receive).isInstanceOf(BoundaryException.Malformed.class);
  }

  @Test
  void a_length_beyond_the_limit_is_refused_before_anything_is_allocated() {
    for (byte[] frame : List.of(new byte[] {0x7f, -1, -1, -1}, new byte[] {-1, -1, -1, -1})) {
      Channel<HostMessage, EnclaveMessage> host = onHost(new ByteArrayInputStream(frame));

      assertThatThrownBy(host::receive).isInstanceOf(BoundaryException.Malformed.class);
    }
  }
}
