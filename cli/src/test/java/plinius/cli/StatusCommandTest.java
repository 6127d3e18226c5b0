package plinius.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.HexFormat;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import plinius.testkit.tee.CertificateMaker;

/** What an operator who asks a broker is told, whatever it answers. */
final class StatusCommandTest {
  private static final String JOB = "0".repeat(32);

  private final CertificateMaker.Identity identity = CertificateMaker.root("broker");
  private HttpsServer broker;
  private int status;
  private String body;

  @BeforeEach
  void start_a_broker() throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    Certificate[] chain = {identity.certificate()};
    keys.setKeyEntry("broker", identity.keys().getPrivate(), new char[0], chain);
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, new char[0]);
    SSLContext tls = SSLContext.getInstance("TLSv1.3");
    tls.init(managers.getKeyManagers(), null, null);
    broker = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    broker.setHttpsConfigurator(new HttpsConfigurator(tls));
    broker.createContext(
        "/",
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    broker.start();
  }

  @AfterEach
  void stop_the_broker() {
    broker.stop(0);
  }

  private Said ask() throws Exception {
    byte[] key = identity.certificate().getPublicKey().getEncoded();
    String pin = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key));
    String url = "https://127.0.0.1:" + broker.getAddress().getPort();
    return Said.run("status", JOB, "--json", "--broker", url, "--broker-pin", pin);
  }

  private Said ask(int answered, String text) throws Exception {
    status = answered;
    body = text;
    return ask();
  }

  @Test
  void what_the_broker_says_is_printed() throws Exception {
    Said said = ask(200, "{\"job\":\"" + JOB + "\",\"state\":\"granted\"}");

    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).contains("granted");
  }

  @Test
  void a_job_that_the_broker_does_not_know_is_bad_input() throws Exception {
    Said said = ask(404, "{\"detail\":\"there is no job\"}");

    assertThat(said.code()).isEqualTo(ExitCode.BAD_INPUT.code());
    assertThat(said.err()).contains("there is no job");
    assertThat(said.out()).contains("\"code\":65");
  }

  @Test
  void a_refusal_is_called_one() throws Exception {
    for (int refusal : new int[] {401, 403, 429}) {
      Said said = ask(refusal, "{\"detail\":\"not now\"}");

      assertThat(said.code()).as("%d: %s", refusal, said.err()).isEqualTo(ExitCode.REFUSED.code());
      assertThat(said.err()).contains("refuses: not now");
    }
  }

  @Test
  void a_fault_of_the_broker_is_no_refusal() throws Exception {
    Said said = ask(500, "{\"detail\":\"the broker cannot use its state\"}");

    assertThat(said.code()).isEqualTo(ExitCode.INTERNAL.code());
    assertThat(said.err()).contains("failed: the broker cannot use its state");
  }

  @Test
  void an_answer_of_something_else_is_as_good_as_none() throws Exception {
    for (int other : new int[] {200, 404, 502}) {
      Said said = ask(other, "<html>gateway</html>");

      assertThat(said.code()).isEqualTo(ExitCode.UNAVAILABLE.code());
      assertThat(said.err()).contains("does not answer as a broker does", Integer.toString(other));
    }
  }

  @Test
  void a_broker_that_is_not_there_is_out_of_reach() throws Exception {
    broker.stop(0);

    Said said = ask();
    assertThat(said.code()).isEqualTo(ExitCode.UNAVAILABLE.code());
    assertThat(said.err()).contains("out of reach");
  }
}
