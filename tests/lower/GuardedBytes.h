//===- GuardedBytes.h - memory with an inaccessible page beside -*- C++ -*-===//
//
// Bytes that end right before a page that must not be touched, or begin right
// behind one: a byte too far is a crash.  On the other side, up to the next
// page, lies a pattern that must still be there afterwards.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LOWER_GUARDEDBYTES_H
#define SINTER_TESTS_LOWER_GUARDEDBYTES_H

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace sinter::test {

/// Where the inaccessible page is.
enum class Guard { Behind, Before };

class GuardedBytes {
public:
  GuardedBytes(size_t bytes, size_t alignment, Guard guard) : bytes(bytes) {
    size_t page = sysconf(_SC_PAGESIZE);
    size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    inner = (rounded + page - 1) / page * page;
    whole = inner + 2 * page;
    base = static_cast<char *>(
        mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    accessible = base + page;
    if (inner)
      mprotect(accessible, inner, PROT_READ | PROT_WRITE);
    begin = accessible + (guard == Guard::Behind ? inner - rounded : 0);
    std::memset(accessible, pattern, inner);
  }
  ~GuardedBytes() {
    if (base)
      munmap(base, whole);
  }
  GuardedBytes(GuardedBytes &&other)
      : begin(other.begin), bytes(other.bytes), base(other.base),
        accessible(other.accessible), inner(other.inner), whole(other.whole) {
    other.base = nullptr;
  }

  /// Whether the pattern around the bytes is whole.
  bool isSurroundingIntact() const {
    auto isPattern = [](char c) { return c == pattern; };
    return std::all_of(accessible, begin, isPattern) &&
           std::all_of(begin + bytes, accessible + inner, isPattern);
  }

  static constexpr char pattern = static_cast<char>(0xCB);
  char *begin;
  size_t bytes;

private:
  char *base, *accessible;
  size_t inner, whole;
};

} // namespace sinter::test

#endif // SINTER_TESTS_LOWER_GUARDEDBYTES_H
