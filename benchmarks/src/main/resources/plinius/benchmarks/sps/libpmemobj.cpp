// SPS over PMDK's libpmemobj: the same array, the same seed rule and the same loop as Sps.java.
// Usage: sps POOL; reads lines "threads swaps milliseconds" and answers swaps a second; at the end
// of its input it checks the array.
#include <libpmemobj.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

static constexpr uint64_t kWords = (10u << 20) / 8;
static constexpr uint64_t kSeed = 0x9E3779B97F4A7C15u;

static std::mutex writer;

static uint64_t Next(uint64_t &random) {
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random >> 1) * kWords) >> 63);
}

static void Swap(PMEMobjpool *pool, uint64_t *array, uint64_t &random, int swaps) {
  std::lock_guard<std::mutex> lock(writer);
  TX_BEGIN(pool) {
    for (int i = 0; i < swaps; i++) {
      uint64_t *a = array + Next(random);
      uint64_t *b = array + Next(random);
      pmemobj_tx_add_range_direct(a, sizeof *a);
      pmemobj_tx_add_range_direct(b, sizeof *b);
      uint64_t value = *a;
      *a = *b;
      *b = value;
    }
  }
  TX_ONABORT {
    std::fprintf(stderr, "a transaction was taken back: %s\n", pmemobj_errormsg());
    std::exit(70);
  }
  TX_END
}

static std::vector<uint64_t> seeds;

static double Measure(PMEMobjpool *pool, uint64_t *array, size_t threads, int swaps,
                      long milliseconds) {
  while (seeds.size() < threads) seeds.push_back(kSeed * (seeds.size() + 1));
  std::atomic<bool> stop{false};
  std::vector<uint64_t> done(threads);
  std::vector<std::thread> others;
  auto began = std::chrono::steady_clock::now();
  for (size_t t = 0; t < threads; t++) {
    others.emplace_back([&, t] {
      uint64_t random = seeds[t];
      uint64_t count = 0;
      while (!stop.load(std::memory_order_relaxed)) {
        Swap(pool, array, random, swaps);
        count++;
      }
      seeds[t] = random;
      done[t] = count;
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  stop = true;
  for (auto &thread : others) thread.join();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  uint64_t transactions = 0;
  for (uint64_t count : done) transactions += count;
  return static_cast<double>(transactions) * swaps / seconds;
}

int main(int, char **argument) {
  PMEMobjpool *pool = pmemobj_create(argument[1], "sps", 160u << 20, 0600);
  if (!pool) {
    std::fprintf(stderr, "cannot create the pool: %s\n", pmemobj_errormsg());
    return 73;
  }
  PMEMoid root = pmemobj_root(pool, kWords * 8);
  uint64_t *array = static_cast<uint64_t *>(pmemobj_direct(root));
  for (uint64_t i = 0; i < kWords; i++) array[i] = i;
  pmemobj_persist(pool, array, kWords * 8);
  std::printf("ready\n");
  std::fflush(stdout);

  size_t threads;
  int swaps;
  long milliseconds;
  while (std::scanf("%zu %d %ld", &threads, &swaps, &milliseconds) == 3) {
    std::printf("%.0f\n", Measure(pool, array, threads, swaps, milliseconds));
    std::fflush(stdout);
  }

  std::vector<bool> seen(kWords);
  for (uint64_t i = 0; i < kWords; i++) {
    if (seen[array[i]]) {
      std::fprintf(stderr, "the array is no permutation\n");
      return 70;
    }
    seen[array[i]] = true;
  }
  pmemobj_close(pool);
  return 0;
}
