package plinius.evaluation.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import plinius.kernel.Workers;
import plinius.pmem.WriteBack;
import plinius.seal.SecretBytes;

/** Whatever is timed gives back what it was given. */
class StoresTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void each_store_restores_the_last_of_several_saves(int threads) {
    Model model = Model.of(3, 1);
    try (SecretBytes key = SecretBytes.random(32);
        Workers workers = new Workers(threads)) {
      for (Store store :
          List.of(
              new MirrorStore("mirror", folder.resolve("a"), WriteBack.AUTO, model, key, workers),
              new TwinStore(folder.resolve("b"), model, key),
              new FileStore(folder.resolve("c"), FileStore.Sync.AT_THE_END, model, key, workers),
              new FileStore(
                  folder.resolve("d"), FileStore.Sync.EACH_BUFFER, model, key, workers))) {
        try (store) {
          for (int save = 0; save < 3; save++) {
            model.block()[save]++;
            store.save();
          }
          float[] saved = model.block().clone();
          Arrays.fill(model.block(), -1);

          store.restore();

          assertThat(Arrays.equals(model.block(), saved)).as(store.name()).isTrue();
        }
      }
    }
  }

  @Test
  void the_copy_that_is_the_limit_copies_every_byte() throws Exception {
    Model model = Model.shaped(1.3);
    Path file = folder.resolve("copy");
    byte[] all = new byte[(int) model.bytes()];
    new java.util.Random(1).nextBytes(all);
    try (Workers workers = new Workers(3);
        Store copy = new CopyStore(file, model, workers)) {
      copy.save();
    }

    assertThat(Arrays.equals(Files.readAllBytes(file), all)).isTrue();
  }

  @Test
  void a_model_has_its_size_and_tensors_that_cover_it_once() {
    for (double megabytes : new double[] {0.001, 1, 2.5, 10}) {
      Model model = Model.shaped(megabytes);

      assertThat(model.bytes()).isEqualTo(Math.round(megabytes * 1e6 / 4) * 4);
      int at = 0;
      for (var tensor : model.tensors()) {
        assertThat(tensor.offset()).isEqualTo(at);
        at += tensor.count();
      }
      assertThat(at).isEqualTo(model.block().length);
    }
  }

  @Test
  void a_file_whose_pages_were_dropped_is_found_cold_or_said_not_to_be() throws Exception {
    Path file = folder.resolve("cache");
    PreparedFile.make(file, 1 << 20);

    boolean cold = PageCache.forget(file);

    // tmpfs keeps its pages: there it must not claim to be cold.
    if (Files.getFileStore(file).type().equals("tmpfs")) {
      assertThat(cold).isFalse();
    }
    assertThat(Files.size(file)).isEqualTo(1 << 20);
  }
}
