// Steps allocate nothing: a run of a thousand epochs calls malloc exactly as
// often as a run of one.
#include "harness.h"
#include "models.h"

#include <atomic>
#include <cmath>

static std::atomic<long> allocations;

// In front of the C library's.  AddressSanitizer has a malloc of its own, so
// tests/runtime/CMakeLists.txt leaves this program out of its builds.
extern "C" void *__libc_malloc(size_t);
extern "C" void *malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

using namespace sinter_tests;

namespace {

TEST(Steady, StepsAllocateNothing) {
  Folder folder;
  writeFile(folder / "x.npy", npy("<f4", "8, 2", Bytes(64, '\0')));
  writeFile(folder / "y.npy", npy("<f4", "8,", Bytes(32, '\0')));
  writeFile(folder / "rate.csv", "0.1");
  auto count = [&](const char *epochs) {
    // The model's own witness must not allocate either.
    witness = {};
    witness.firsts.reserve(100000);
    witness.xs.reserve(100000);
    std::vector<std::string> words = {
        "prog",      "train",
        "--input",   "x=" + (folder / "x.npy"),
        "--input",   "y=" + (folder / "y.npy"),
        "--input",   "rate=" + (folder / "rate.csv"),
        "--threads", "2",
        "--epochs",  epochs,
        "--log",     folder / "log.csv"};
    std::vector<char *> argv;
    for (std::string &word : words)
      argv.push_back(word.data());
    testing::internal::CaptureStdout();
    long before = allocations;
    int code =
        sinter_run(&regression, static_cast<int>(argv.size()), argv.data());
    long after = allocations;
    testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, 0);
    return after - before;
  };
  count("1"); // stdout gets its buffer
  long one = count("1");
  EXPECT_EQ(count("1000"), one);
  EXPECT_GT(one, 5);
}

} // namespace
