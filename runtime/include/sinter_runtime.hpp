/* C++20 conveniences over sinter_runtime.h, header-only: owned storage, a
 * thread pool and errors as exceptions. The wrappers that Sinter generates
 * beside a model's C header are built from these; a host may use them alone.
 *
 *   sinter::AlignedBytes state(MLP_STATE_BYTES);
 *   sinter::Pool pool(4);
 *   sinter::check(mlp_init(state.data(), 7, workspace.data(), pool.host()),
 *                 "mlp_init");
 *   sinter::save_state(mlp_model, state.data(), "mlp.safetensors");
 */
#ifndef SINTER_RUNTIME_HPP
#define SINTER_RUNTIME_HPP

#include "sinter_runtime.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace sinter {

/* Thrown by everything below that can fail, but for want of memory, which is
 * std::bad_alloc. */
class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message, int32_t status = 0)
      : std::runtime_error(message), status_(status) {}
  /* The sinter_status of an entry that failed; 0 for other errors. */
  int32_t status() const noexcept { return status_; }

private:
  int32_t status_;
};

/* Throws if an entry or an initializer returned anything but SINTER_OK. */
inline void check(int32_t status, const char *what) {
  if (status != SINTER_OK)
    throw Error(std::string(what) + ": " + sinter_status_message(status),
                status);
}

/* Zeroed memory, aligned as `state` and `workspace` must be. Its address does
 * not change when it is moved. */
class AlignedBytes {
public:
  AlignedBytes() noexcept = default;
  explicit AlignedBytes(size_t size)
      : data_(static_cast<std::byte *>(
            ::operator new(std::max<size_t>(size, 1), alignment))),
        size_(size) {
    std::fill_n(data_, size_, std::byte{0});
  }
  AlignedBytes(AlignedBytes &&other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  AlignedBytes &operator=(AlignedBytes &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  AlignedBytes(const AlignedBytes &) = delete;
  AlignedBytes &operator=(const AlignedBytes &) = delete;
  ~AlignedBytes() {
    if (data_)
      ::operator delete(data_, alignment);
  }

  void *data() noexcept { return data_; }
  const void *data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  std::span<std::byte> bytes() noexcept { return {data_, size_}; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

private:
  static constexpr std::align_val_t alignment{SINTER_ALIGNMENT};
  std::byte *data_ = nullptr;
  size_t size_ = 0;
};

/* A sinter_pool. `host()` is valid as long as the pool is. */
class Pool {
public:
  /* 1 to 64 threads, the calling one counted. */
  explicit Pool(int threads) : pool_(sinter_pool_create(threads)) {
    if (!pool_)
      throw Error("cannot start " + std::to_string(threads) + " threads");
    host_ = sinter_pool_host(pool_);
  }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;
  ~Pool() { sinter_pool_destroy(pool_); }

  const sinter_host *host() const noexcept { return &host_; }

private:
  sinter_pool *pool_;
  sinter_host host_;
};

inline void save_state(const sinter_model &model, const void *state,
                       const std::string &path) {
  char message[1024];
  if (sinter_state_save(&model, state, path.c_str(), message, sizeof message))
    throw Error(message);
}

inline void load_state(const sinter_model &model, void *state,
                       const std::string &path) {
  char message[1024];
  if (sinter_state_load(&model, state, path.c_str(), message, sizeof message))
    throw Error(message);
}

} // namespace sinter

#endif /* SINTER_RUNTIME_HPP */
