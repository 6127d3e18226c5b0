/**
 * From the files that people have to samples, at the owner's: pictures, IDX, CIFAR, CSV, text. No
 * decoder enters the enclave.
 */
module plinius.ingest {
  requires transitive plinius.owner;
  requires java.desktop;

  exports plinius.ingest;
}
