// Files as other programs write them, and the readers under test.
#ifndef SINTER_TESTS_RUNTIME_FORMATS_H
#define SINTER_TESTS_RUNTIME_FORMATS_H

#include "harness.h"

extern "C" {
#include "files/array.h"
}

#include <zlib.h>

namespace sinter_tests {

// An input with at most a batch axis.
struct Want {
  Want(int32_t dtype, std::vector<int64_t> extents, int32_t axis = -1)
      : shape(std::move(extents)) {
    uint64_t bytes = sinter_dtype_size(dtype);
    for (int64_t extent : shape)
      bytes *= static_cast<uint64_t>(extent);
    tensor = {"x",
              shape.data(),
              static_cast<int32_t>(shape.size()),
              dtype,
              axis,
              0,
              bytes,
              0};
  }
  std::vector<int64_t> shape;
  sinter_tensor tensor;
};

struct Read {
  bool failed;
  std::string message;
  std::vector<int64_t> shape;
  int64_t samples;
  Bytes data;
};

inline Read readArray(const std::string &place, const sinter_tensor &want) {
  char message[1024] = "";
  sinter_error error = {message, sizeof message};
  sinter_array array;
  Read read{};
  read.failed =
      sinter_array_read(&array, place.c_str(), &want, &read.samples, &error);
  read.message = message;
  if (!read.failed) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data) %
                  sinter_dtype_size(array.dtype),
              0u);
    read.shape.assign(array.shape, array.shape + array.rank);
    read.data.assign(static_cast<const char *>(array.data), array.bytes);
    sinter_array_free(&array);
  }
  return read;
}

inline Bytes little(uint64_t value, int bytes) {
  Bytes out;
  for (int i = 0; i < bytes; ++i)
    out += i < 8 ? static_cast<char>(value >> 8 * i & 255) : '\0';
  return out;
}

// zlib's deflate; bits 15 + 16 gives a gzip file, -15 a bare stream.
inline Bytes deflated(const Bytes &bytes, int bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
  Bytes out(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline Bytes gzip(const Bytes &bytes) { return deflated(bytes, 15 + 16); }

struct Member {
  std::string name;
  Bytes bytes;
};

// A zip archive, with the sizes of the local headers in extra fields as NumPy
// leaves them.
inline Bytes zip(const std::vector<Member> &members, bool deflate) {
  Bytes out, central;
  for (const Member &member : members) {
    Bytes packed = deflate ? deflated(member.bytes, -15) : member.bytes;
    auto crc = crc32(0, reinterpret_cast<const Bytef *>(member.bytes.data()),
                     static_cast<uInt>(member.bytes.size()));
    Bytes method = little(deflate ? 8 : 0, 2);
    Bytes extra = little(1, 2) + little(16, 2) +
                  little(member.bytes.size(), 8) + little(packed.size(), 8);
    central += "PK\1\2" + little(45, 2) + little(45, 2) + little(0, 2) +
               method + little(0, 4) + little(crc, 4) +
               little(packed.size(), 4) + little(member.bytes.size(), 4) +
               little(member.name.size(), 2) + little(0, 12) +
               little(out.size(), 4) + member.name;
    out += "PK\3\4" + little(45, 2) + little(0, 2) + method + little(0, 4) +
           little(crc, 4) + little(0xffffffff, 4) + little(0xffffffff, 4) +
           little(member.name.size(), 2) + little(extra.size(), 2) +
           member.name + extra + packed;
  }
  return out + central + "PK\5\6" + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(central.size(), 4) +
         little(out.size(), 4) + little(0, 2);
}

} // namespace sinter_tests

#endif // SINTER_TESTS_RUNTIME_FORMATS_H
