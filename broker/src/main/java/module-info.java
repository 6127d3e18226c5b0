/** Releases keys to accepted enclaves; its log; its HTTPS. */
module plinius.broker {
  requires transitive plinius.verification;
  requires transitive plinius.owner;
  requires jdk.httpserver;

  exports plinius.broker;
}
