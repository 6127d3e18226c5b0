package plinius.romulus;

/**
 * What a pool did since it was opened.
 *
 * @param commits transactions that became durable
 * @param aborts transactions that were taken back
 * @param pfences fences waited for
 * @param writtenBackBytes bytes of twins and header that were written back, in whole lines
 * @param copiedBytes bytes copied between the twins after commits and aborts
 * @param cutOvers commits that wrote back everything, because they had changed so much
 * @param recoveredBytes bytes copied by the first update: the whole of the committed twin that is
 *     in use, which is the only kind of recovery; 0 before it
 * @param recoveryNanos how long that took
 * @param extentBytes bytes written to extents
 */
public record PoolStats(
    long commits,
    long aborts,
    long pfences,
    long writtenBackBytes,
    long copiedBytes,
    long cutOvers,
    long recoveredBytes,
    long recoveryNanos,
    long extentBytes) {}
