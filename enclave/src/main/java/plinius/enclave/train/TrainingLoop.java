package plinius.enclave.train;

import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import plinius.boundary.Bytes;
import plinius.boundary.EnclaveMessage;
import plinius.boundary.EnclaveMessage.Phase;
import plinius.boundary.EnclaveMessage.PhaseBegan;
import plinius.darknet.Network;
import plinius.enclave.EnclaveException;
import plinius.enclave.mirror.Freshness;
import plinius.enclave.mirror.MirrorException;
import plinius.enclave.mirror.ModelMirror;
import plinius.enclave.mirror.Progress;
import plinius.enclave.pmdata.BatchSource;
import plinius.kernel.SideThread;

/**
 * Trains and mirrors. What an iteration computes depends on the network's state alone, so that it
 * is the same after any crash; an iteration is told to the host only when its mirror is durable,
 * and the broker told of it as the job's freshness mode wants. For both a thread waits while the
 * next iteration computes, which is not told, nor its failure, before.
 */
public final class TrainingLoop implements AutoCloseable {
  private static final int STOPPED = 75;

  private final Network network;
  private final BatchSource batches;
  private final ModelMirror mirror;
  private final Freshness freshness;
  private final Consumer<EnclaveMessage> host;
  private final BooleanSupplier stopRequested;
  private final Schedule schedule;
  private final Optional<Validation> validation;

  /**
   * Mirrors: who trains waits until the tensors are sealed, and computes on while this thread waits
   * for the medium and the broker. So all threads are there to seal, and what runs beside computing
   * needs no core. Each mirror is one transaction of one thread.
   */
  private final SideThread mirrorThread = new SideThread("mirror");

  /** Iterations that the pool holds; like the next field written by each mirror, read after it. */
  private int mirrored;

  /** Whether the pool's first update still has its copying to do. */
  private boolean recovers;

  /**
   * When to do what.
   *
   * @param target the iteration after which training is done
   * @param mirrorEvery iterations from one mirror to the next; the last is always mirrored
   * @param validEvery iterations from one validation to the next, 0 for the last only
   */
  public record Schedule(int target, int mirrorEvery, int validEvery) {
    boolean validates(int iteration) {
      return iteration > 0
          && ((validEvery > 0 && iteration % validEvery == 0) || iteration == target);
    }
  }

  /**
   * What the model is judged by, and where the best one is kept.
   *
   * @param examination over the validation set
   * @param best kept across runs
   */
  public record Validation(Examination examination, BestModel best) {
    void close() {
      best.close();
      examination.close();
    }
  }

  public TrainingLoop(
      Network network,
      BatchSource batches,
      ModelMirror mirror,
      Freshness freshness,
      Consumer<EnclaveMessage> host,
      BooleanSupplier stopRequested,
      Schedule schedule,
      Optional<Validation> validation) {
    this.network = network;
    this.batches = batches;
    this.mirror = mirror;
    this.freshness = freshness;
    this.host = host;
    this.stopRequested = stopRequested;
    this.schedule = schedule;
    this.validation = validation;
  }

  /**
   * Trains until the target or until asked to stop.
   *
   * @param resumed whether the network's state was mirrored in
   * @return the exit code: 0, or 75 if it stopped before the target
   * @throws EnclaveException.Diverged if loss or parameters are not finite; the last mirror stays
   */
  public int run(boolean resumed) {
    mirrored = network.iteration();
    recovers = resumed;
    if (resumed && network.iteration() < schedule.target()) {
      // Whether its mirror was followed by a validation is not known; once more does no harm.
      validate();
    }
    while (network.iteration() < schedule.target() && !stopRequested.getAsBoolean()) {
      iterate();
    }
    mirrorThread.await();
    if (mirrored < network.iteration()) {
      mirrorOut((_, _) -> {});
      mirrorThread.await();
    }
    freshness.settle(mirror.newest());
    int iteration = network.iteration();
    Bytes state = Bytes.of(mirror.stateDigest(progress()));
    if (iteration < schedule.target()) {
      host.accept(new EnclaveMessage.Stopped(iteration, state));
      return STOPPED;
    }
    validate();
    host.accept(new EnclaveMessage.Done(iteration, state));
    return 0;
  }

  private void iterate() {
    long began = System.nanoTime();
    double loss;
    long computed;
    try {
      loss = network.trainIteration(batches);
      computed = System.nanoTime();
    } finally {
      mirrorThread.await();
    }
    int iteration = network.iteration();
    if (!Double.isFinite(loss)) {
      throw diverged("the loss is " + loss);
    }
    boolean mirrors =
        iteration % schedule.mirrorEvery() == 0
            || iteration == schedule.target()
            || stopRequested.getAsBoolean();
    // What the network says of this iteration is asked here: the next one may have changed it.
    double averageLoss = network.averageLoss();
    double rate = network.rate();
    long unsealNanos = batches.takeNanos();
    BiConsumer<Long, Long> told =
        (sealedAt, mirrorNanos) ->
            host.accept(
                new EnclaveMessage.IterationDone(
                    iteration,
                    loss,
                    averageLoss,
                    rate,
                    mirrors,
                    sealedAt - began,
                    unsealNanos,
                    mirrorNanos,
                    sealedAt - computed));
    if (mirrors) {
      mirrorOut(told);
    } else {
      told.accept(System.nanoTime(), 0L);
    }
    if (iteration < schedule.target()) {
      validate();
    }
  }

  /**
   * Returns when the tensors are sealed; the mirror's thread goes on.
   *
   * @param told is told, when all is done, at which time they were sealed and how long all took
   */
  private void mirrorOut(BiConsumer<Long, Long> told) {
    long began = System.nanoTime();
    Progress progress = progress();
    int iteration = network.iteration();
    mirrorThread.beginUntil(
        release -> {
          if (recovers) {
            host.accept(new PhaseBegan(Phase.RECOVERY, iteration));
            recovers = false;
          }
          long[] sealedAt = new long[1];
          try {
            mirror.mirrorOut(
                progress,
                () -> host.accept(new PhaseBegan(Phase.MIRROR_OUT, iteration)),
                () -> {
                  sealedAt[0] = System.nanoTime();
                  release.run();
                });
          } catch (MirrorException.NotFinite e) {
            throw diverged(e.getMessage());
          }
          freshness.mirrored(mirror.sequence(), mirror::newest);
          mirrored = iteration;
          told.accept(sealedAt[0], System.nanoTime() - began);
        });
  }

  private Progress progress() {
    return new Progress(network.iteration(), network.seen(), network.averageLoss());
  }

  private EnclaveException.Diverged diverged(String how) {
    return new EnclaveException.Diverged(
        String.format(
            Locale.ROOT,
            "diverged in iteration %d: %s at the learning rate %.6g. The mirror of iteration %d"
                + " is kept; train again with a lower learning_rate, or a longer burn_in",
            network.iteration(),
            how,
            network.rate(),
            mirrored));
  }

  private void validate() {
    int iteration = network.iteration();
    if (validation.isEmpty() || !schedule.validates(iteration)) {
      return;
    }
    mirrorThread.await();
    if (!mirror.finite()) { // not every iteration was mirrored, which looks for that too
      throw diverged("a parameter is not a finite number");
    }
    EnclaveMessage.Score score = validation.get().examination().score().get();
    boolean better = validation.get().best().keep(score, progress());
    host.accept(new EnclaveMessage.Validated(iteration, score, better));
  }

  /** Ends the threads of mirror and batches, and closes what it validates with. */
  @Override
  public void close() {
    mirrorThread.close();
    batches.close();
    validation.ifPresent(Validation::close);
  }
}
