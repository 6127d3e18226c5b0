package plinius.tree;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Who may use what: the directions of docs/ARCHITECTURE.md, and where the sharp tools are kept. */
class DependencyTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("plinius");

  private static final String[] TRUSTED = {
    "plinius.seal..",
    "plinius.dataset..",
    "plinius.pmem..",
    "plinius.romulus..",
    "plinius.attestation..",
    "plinius.boundary..",
    "plinius.kernel..",
    "plinius.simd..",
    "plinius.darknet..",
    "plinius.enclave.."
  };

  @Test
  void the_trusted_part_uses_the_jdk_and_itself_and_nothing_else() {
    String[] allowed = new String[TRUSTED.length + 3];
    System.arraycopy(TRUSTED, 0, allowed, 3, TRUSTED.length);
    allowed[0] = "java..";
    allowed[1] = "javax.crypto..";
    allowed[2] = "jdk..";
    ArchRuleDefinition.classes()
        .that()
        .resideInAnyPackage(TRUSTED)
        .should()
        .onlyDependOnClassesThat(
            com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage(allowed)
                .or(
                    com.tngtech.archunit.base.DescribedPredicate.describe(
                        "primitives and arrays of these",
                        c -> c.isPrimitive() || c.getBaseComponentType().isPrimitive()))
                .or(
                    com.tngtech.archunit.base.DescribedPredicate.describe(
                        "security interfaces", c -> c.getPackageName().startsWith("javax."))))
        .check(CLASSES);
  }

  @Test
  void host_sees_the_border_and_nothing_behind_it() {
    noClasses()
        .that()
        .resideInAPackage("plinius.host..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "plinius.seal..",
            "plinius.dataset..",
            "plinius.romulus..",
            "plinius.pmem..",
            "plinius.attestation..",
            "plinius.darknet..",
            "plinius.enclave..",
            "plinius.broker..")
        .check(CLASSES);
  }

  @Test
  void the_network_knows_neither_secrets_nor_persistent_memory() {
    noClasses()
        .that()
        .resideInAnyPackage("plinius.darknet..", "plinius.kernel..", "plinius.simd..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "plinius.seal..", "plinius.pmem..", "plinius.romulus..", "plinius.boundary..")
        .check(CLASSES);
  }

  @Test
  void transactions_know_neither_secrets_nor_networks() {
    noClasses()
        .that()
        .resideInAnyPackage("plinius.pmem..", "plinius.romulus..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("plinius.seal..", "plinius.darknet..", "plinius.kernel..")
        .check(CLASSES);
  }

  @Test
  void the_mirror_sees_named_tensors_and_never_layers() {
    noClasses()
        .that()
        .resideInAPackage("plinius.enclave.mirror..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("plinius.darknet.layer..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void ciphers_and_key_derivation_are_used_by_seal_and_by_the_broker_for_its_grants() {
    noClasses()
        .that()
        .resideOutsideOfPackage("plinius.seal..")
        .and()
        .doNotHaveFullyQualifiedName("plinius.broker.JweSealer")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("javax.crypto.Cipher")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("javax.crypto.KDF")
        .check(CLASSES);
  }

  @Test
  void where_keys_and_tags_are_at_hand_bytes_are_compared_in_constant_time() {
    // Not in verification and romulus: what evidence says and what a pool is called is public.
    noClasses()
        .that()
        .resideInAnyPackage(
            "plinius.seal..",
            "plinius.owner..",
            "plinius.dataset..",
            "plinius.attestation..",
            "plinius.broker..",
            "plinius.boundary..",
            "plinius.host..",
            "plinius.enclave..")
        .should()
        .callMethod(Arrays.class, "equals", byte[].class, byte[].class)
        .orShould()
        .callMethod(Arrays.class, "compare", byte[].class, byte[].class)
        .orShould()
        .callMethod(Arrays.class, "mismatch", byte[].class, byte[].class)
        .orShould()
        .callMethod(ByteBuffer.class, "equals", Object.class)
        .orShould()
        .callMethod(ByteBuffer.class, "compareTo", ByteBuffer.class)
        .orShould()
        .callMethod(ByteBuffer.class, "mismatch", ByteBuffer.class)
        .orShould()
        .callMethod(MemorySegment.class, "mismatch", MemorySegment.class)
        .check(CLASSES);
  }

  @Test
  void the_vector_module_is_used_by_simd_and_by_what_measures_the_peak_beside_it() {
    noClasses()
        .that()
        .resideOutsideOfPackage("plinius.simd..")
        .and()
        .doNotHaveFullyQualifiedName("plinius.benchmarks.kernels.Limits")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(CLASSES);
  }

  @Test
  void the_enclave_opens_no_socket() {
    noClasses()
        .that()
        .resideInAnyPackage(TRUSTED)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net..", "javax.net..", "java.nio.channels.spi..")
        .check(CLASSES);
  }

  @Test
  void nobody_uses_serialization_or_sun_misc_unsafe() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.io.ObjectInputStream")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("sun.misc.Unsafe")
        .check(CLASSES);
  }
}
