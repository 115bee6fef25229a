// Valid files of every format, against the bytes they were made of, and files
// that are valid but not what the input wants.
#include "formats.h"

#include <cmath>

using namespace sinter_tests;

namespace {

class Files : public testing::Test {
protected:
  Read read(const std::string &name, const Bytes &bytes,
            const sinter_tensor &want, const std::string &member = "") {
    writeFile(folder / name, bytes);
    return readArray((folder / name) + member, want);
  }
  // Writes an array and reads it again.
  Read back(const std::string &name, const sinter_tensor &tensor, Bytes data) {
    char message[1024];
    sinter_error error = {message, sizeof message};
    sinter_outfile file;
    EXPECT_EQ(sinter_outfile_open(&file, (folder / name).c_str(), &error), 0);
    sinter_array array{};
    array.dtype = tensor.dtype;
    array.rank = tensor.rank;
    std::copy_n(tensor.shape, tensor.rank, array.shape);
    array.bytes = data.size();
    array.data = data.data();
    EXPECT_EQ(sinter_array_write(&file, &array, &error), 0);
    return readArray(folder / name, tensor);
  }
  Folder folder;
};

Bytes pattern(size_t size) {
  Bytes bytes;
  for (size_t i = 0; i < size; ++i)
    bytes += static_cast<char>(i * 37 + 11);
  return bytes;
}

TEST_F(Files, NpyRoundTripsEveryDtype) {
  for (int32_t dtype = SINTER_F64; dtype <= SINTER_I1; ++dtype)
    for (std::vector<int64_t> shape :
         {std::vector<int64_t>{}, {5}, {2, 3}, {1, 2, 3, 4}}) {
      Want want(dtype, shape);
      Bytes data = pattern(want.tensor.bytes);
      if (dtype == SINTER_I1)
        for (char &byte : data)
          byte &= 1;
      Read read = back("a.npy", want.tensor, data);
      EXPECT_FALSE(read.failed) << read.message;
      EXPECT_EQ(read.shape, shape);
      EXPECT_EQ(read.data, data) << sinter_dtype_name(dtype);
    }
}

// What numpy.save(numpy.arange(6, dtype='<i4').reshape(2, 3)) writes.
TEST_F(Files, NpyIsWrittenAsNumPyDoes) {
  Want want(SINTER_I32, {2, 3});
  Bytes data = bytesOf<int32_t>({0, 1, 2, 3, 4, 5});
  back("a.npy", want.tensor, data);
  Bytes header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }";
  header += Bytes(117 - header.size(), ' ') + "\n";
  Bytes expected = Bytes("\x93NUMPY\1\0\x76\0", 10) + header + data;
  EXPECT_EQ(readFile(folder / "a.npy"), expected);
}

TEST_F(Files, NpyVersionsAndSpellings) {
  Want want(SINTER_F32, {2});
  Bytes data = bytesOf<float>({1.5f, -2});
  for (char version : {1, 2, 3}) {
    Read read =
        this->read("a.npy", npy("<f4", "2,", data, version), want.tensor);
    EXPECT_FALSE(read.failed) << read.message;
    EXPECT_EQ(read.data, data);
  }
  EXPECT_FALSE(read("a.npy", npy("=f4", "2L,", data), want.tensor).failed);
  // Recognized by content, and inside gzip.
  EXPECT_FALSE(read("data", npy("<f4", "2,", data), want.tensor).failed);
  EXPECT_FALSE(
      read("a.npy.gz", gzip(npy("<f4", "2,", data)), want.tensor).failed);
}

TEST_F(Files, NpyThatCannotBeUsedSaysWhy) {
  Want want(SINTER_F32, {2, 2});
  Bytes data(16, '\0');
  struct Case {
    Bytes file;
    const char *message;
  } cases[] = {
      {npy("<f4", "2, 2", data, 1, "True"), "Fortran order"},
      {npy(">f4", "2, 2", data), "big-endian"},
      {npy("<c8", "2, 2", data), "its dtype is not one of"},
      {npy("<f4", "2, 2", data, 9), "npy version 9 is unknown"},
      {npy("<f4", "2, 3", data), "promises more data"},
      {npy("<f4", "2, 1", data), "longer than its header says"},
      {npy("<f4", "4", data), "input 'x' is f32 [2, 2]"},
      {npy("<f4", "9223372036854775807, 9223372036854775807", data),
       "its shape"},
      {npy("<f4", "4611686018427387904, 4", data), "promises more data"},
      {npy("<f4", "-2, 2", data), "its shape is no tuple"},
      {npy("<f8", "2, 1", data), "holds f64 [2, 1], but input 'x' is f32"},
      {"hello", "not an npy file"},
      {"", "not an npy file"},
  };
  for (const Case &test : cases) {
    Read read = this->read("a.npy", test.file, want.tensor);
    EXPECT_TRUE(read.failed);
    EXPECT_EQ(read.message.find(folder / "a.npy"), 0u) << read.message;
    EXPECT_NE(read.message.find(test.message), std::string::npos)
        << read.message;
  }
}

TEST_F(Files, IdxOfEveryType) {
  struct Case {
    int code;
    int32_t dtype;
    Bytes big, native;
  } cases[] = {
      {0x08, SINTER_U8, Bytes("\x00\xff", 2), Bytes("\x00\xff", 2)},
      {0x09, SINTER_I8, "\x01\xfe", bytesOf<int8_t>({1, -2})},
      {0x0B, SINTER_I16, "\x01\x02\xff\xfe", bytesOf<int16_t>({258, -2})},
      {0x0C, SINTER_I32, "\x01\x02\x03\x04\xff\xff\xff\xfe",
       bytesOf<int32_t>({0x01020304, -2})},
      {0x0D, SINTER_F32, Bytes("\x3f\xc0\0\0\xc0\0\0\0", 8),
       bytesOf<float>({1.5f, -2})},
      {0x0E, SINTER_F64, Bytes("\x3f\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16),
       bytesOf<double>({1.5, -2})},
  };
  for (const Case &test : cases) {
    Want want(test.dtype, {128}, 0);
    for (bool packed : {false, true}) {
      Bytes file = idx(test.code, {2}, test.big);
      Read read = this->read(packed ? "a-idx1-ubyte.gz" : "a.idx",
                             packed ? gzip(file) : file, want.tensor);
      EXPECT_FALSE(read.failed) << read.message;
      EXPECT_EQ(read.samples, 2);
      EXPECT_EQ(read.data, test.native);
    }
  }
}

TEST_F(Files, GzipMembersFollowEachOther) {
  Bytes file = idx(8, {4}, "abcd");
  Want want(SINTER_U8, {4});
  Read read = this->read(
      "a.idx.gz", gzip(file.substr(0, 5)) + gzip(file.substr(5)), want.tensor);
  EXPECT_FALSE(read.failed) << read.message;
  EXPECT_EQ(read.data, "abcd");
}

// More than one step of the inflater.
TEST_F(Files, GzipOfSeveralMegabytes) {
  Bytes data = pattern(5 << 20);
  Want want(SINTER_U8, {5, 1 << 20});
  Read read =
      this->read("a.idx.gz", gzip(idx(8, {5, 1 << 20}, data)), want.tensor);
  EXPECT_FALSE(read.failed) << read.message;
  EXPECT_TRUE(read.data == data);
}

TEST_F(Files, NpzMembers) {
  Bytes x = bytesOf<float>({1, 2, 3}), y = bytesOf<float>({4, 5, 6});
  Want want(SINTER_F32, {3});
  for (bool deflate : {false, true}) {
    Bytes file =
        zip({{"y.npy", npy("<f4", "3,", y)}, {"x.npy", npy("<f4", "3,", x)}},
            deflate);
    EXPECT_EQ(read("a.npz", file, want.tensor, ":x").data, x);
    EXPECT_EQ(read("a.npz", file, want.tensor, ":y.npy").data, y);
    EXPECT_EQ(read("a.npz", file, want.tensor).data, x); // the input's name
    EXPECT_NE(read("a.npz", file, want.tensor, ":z")
                  .message.find("holds no array 'z'"),
              std::string::npos);
    EXPECT_EQ(read("a.npz", zip({{"q.npy", npy("<f4", "3,", y)}}, deflate),
                   want.tensor)
                  .data,
              y); // the only one
  }
  Bytes two = zip({{"p.npy", ""}, {"q.npy", ""}}, false);
  EXPECT_NE(read("a.npz", two, want.tensor)
                .message.find("name one as FILE.npz:ARRAY"),
            std::string::npos);
}

TEST_F(Files, SafetensorsMembers) {
  Bytes data = bytesOf<int16_t>({1, 2}) + "abcd";
  Bytes file = safetensors(
      R"({"u":{"shape":[4],"dtype":"U8","data_offsets":[4,8],"more":[{}]},)"
      R"("x":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}  )",
      data);
  Want want(SINTER_I16, {2});
  EXPECT_EQ(read("a.safetensors", file, want.tensor).data, data.substr(0, 4));
  EXPECT_EQ(read("a.safetensors", file, Want(SINTER_U8, {4}).tensor, ":u").data,
            "abcd");
  EXPECT_NE(read("a.safetensors", file, want.tensor, ":v")
                .message.find("holds no tensor 'v'"),
            std::string::npos);
}

TEST_F(Files, CsvTakesTheInputsTypeAndRank) {
  Want matrix(SINTER_F32, {128, 3}, 0);
  for (const char *text :
       {"1,2,3\n4,5.5,-6e1\n", "a,b,c\r\n1,2,3\r\n4,5.5,-6e1\r\n",
        "\xEF\xBB\xBF\"a\", \"b\" ,c\n\n 1 ,2, 3\n\"4\",5.5,-6e1"}) {
    Read read = this->read("a.csv", text, matrix.tensor);
    EXPECT_FALSE(read.failed) << read.message;
    EXPECT_EQ(read.samples, 2);
    EXPECT_EQ(read.data, bytesOf<float>({1, 2, 3, 4, 5.5f, -60}));
  }
  EXPECT_EQ(read("a.csv", "7\n8\n", Want(SINTER_I64, {2}).tensor).data,
            bytesOf<int64_t>({7, 8}));
  EXPECT_EQ(read("a.csv", "7,8", Want(SINTER_U8, {2}).tensor).data, "\7\b");
  EXPECT_EQ(read("a.csv", "0.1", Want(SINTER_F64, {}).tensor).data,
            bytesOf<double>({0.1}));
  EXPECT_EQ(
      read("a.csv", "1,2,3,4\n5,6,7,8", Want(SINTER_U8, {9, 2, 2}, 0).tensor)
          .shape,
      (std::vector<int64_t>{2, 2, 2}));
  EXPECT_EQ(
      read("a.csv", "1,2\n3,4\n5,6", Want(SINTER_U8, {3, 9}, 1).tensor).samples,
      2);
  EXPECT_EQ(read("a.csv.gz", gzip("1\n2\n"), Want(SINTER_U8, {2}).tensor).data,
            "\1\2");
}

TEST_F(Files, CsvMistakesNameLineAndColumn) {
  Want want(SINTER_I32, {128, 2}, 0);
  struct Case {
    const char *text;
    const char *message;
  } cases[] = {
      {"1,2\n3,x\n", ":2: column 2: 'x' is no number of type i32"},
      {"1,2\n3,4.5\n", ":2: column 2: '4.5' is no number of type i32"},
      {"a,b\n\n1,2\n3,99999999999\n",
       ":4: column 2: '99999999999' is out of range for i32"},
      {"1,2\n3\n", ":2: has 1 fields, the lines before have 2"},
      {"1,2\n3,\n", ":2: column 2: an empty field is no number"},
      {"1,b\n3,4\n", ":1: column 2: 'b' is no number"},
      {"a,b\n", ": holds no numbers"},
      {"", ": holds no numbers"},
      {"1,2,3\n", "holds i32 [1, 3], but input 'x' is i32 [N, 2]"},
  };
  for (const Case &test : cases) {
    Read read = this->read("a.csv", test.text, want.tensor);
    EXPECT_TRUE(read.failed) << test.text;
    EXPECT_EQ(read.message.find(folder / "a.csv"), 0u) << read.message;
    EXPECT_NE(read.message.find(test.message), std::string::npos)
        << read.message;
  }
  EXPECT_NE(read("a.csv", "1e999", Want(SINTER_F64, {}).tensor)
                .message.find("out of range for f64"),
            std::string::npos);
  EXPECT_FALSE(read("a.csv", "1e-310", Want(SINTER_F64, {}).tensor).failed);
  EXPECT_TRUE(read("a.csv", "256", Want(SINTER_U8, {}).tensor).failed);
  EXPECT_TRUE(read("a.csv", "-1", Want(SINTER_U8, {}).tensor).failed);
  EXPECT_TRUE(read("a.csv", "2", Want(SINTER_I1, {}).tensor).failed);
}

TEST_F(Files, CsvRoundTripsNumbers) {
  Want doubles(SINTER_F64, {2, 3});
  Bytes data = bytesOf<double>(
      {0.1, -1e300, 5e-324, INFINITY, 3.0000000000000004, -0.0});
  EXPECT_EQ(back("a.csv", doubles.tensor, data).data, data);
  Want floats(SINTER_F32, {4});
  data = bytesOf<float>({0.1f, 1e-45f, 3.4028235e38f, 16777215.0f});
  EXPECT_EQ(back("a.csv", floats.tensor, data).data, data);
  Want whole(SINTER_I64, {2});
  data = bytesOf<int64_t>({INT64_MIN, INT64_MAX});
  EXPECT_EQ(back("a.csv", whole.tensor, data).data, data);
}

// A number is the nearest bfloat16, of two the even one, though binary32 could
// not tell it from the middle.
TEST_F(Files, CsvReadsTheNearestBfloat) {
  Want brains(SINTER_BF16, {8});
  EXPECT_EQ(read("a.csv",
                 "1\n-3.14159\n257\n259\n257.00000000001\n3.38e38\n-inf\n"
                 "1e-40\n",
                 brains.tensor)
                .data,
            bytesOf<uint16_t>({0x3f80, 0xc049, 0x4380, 0x4382, 0x4381, 0x7f7e,
                               0xff80, 0x0001}));
  EXPECT_EQ(read("a.csv", "nan\n1\n1\n1\n1\n1\n1\n1\n", brains.tensor)
                .data.substr(0, 2),
            bytesOf<uint16_t>({0x7fc0}));
  for (const char *large : {"3.4e38", "-1e39", "1e400"})
    EXPECT_TRUE(read("a.csv", std::string(large) + "\n1\n1\n1\n1\n1\n1\n1\n",
                     brains.tensor)
                    .failed)
        << large;
}

// Halves have no CSV to read; written, they are their values.
TEST_F(Files, CsvWritesShortFloatsAsNumbers) {
  Want halves(SINTER_F16, {6});
  back("a.csv", halves.tensor,
       bytesOf<uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x7c00}));
  EXPECT_EQ(readFile(folder / "a.csv"),
            "1\n-2\n65504\n5.96046448e-08\n0.333251953\ninf\n");
  Want brains(SINTER_BF16, {2});
  back("a.csv", brains.tensor, bytesOf<uint16_t>({0x3f80, 0xc049}));
  EXPECT_EQ(readFile(folder / "a.csv"), "1\n-3.140625\n");
}

TEST_F(Files, TruthValuesAreZeroOrOne) {
  Want want(SINTER_I1, {3});
  EXPECT_EQ(
      read("a.npy", npy("|b1", "3,", Bytes("\1\0\1", 3)), want.tensor).data,
      Bytes("\1\0\1", 3));
  EXPECT_NE(read("a.npy", npy("|b1", "3,", Bytes("\1\0\2", 3)), want.tensor)
                .message.find("holds a truth value that is 2"),
            std::string::npos);
}

TEST_F(Files, WhatIsNoFile) {
  Want want(SINTER_U8, {3});
  EXPECT_NE(readArray(folder / "none.npy", want.tensor)
                .message.find("none.npy: cannot open: No such file"),
            std::string::npos);
  EXPECT_NE(readArray(folder / ".", want.tensor).message.find("is a directory"),
            std::string::npos);
  EXPECT_NE(read("a.bin", "what is this", want.tensor)
                .message.find("unknown format: files may be IDX"),
            std::string::npos);
}

// The dataset that the project trains on, where it is installed.
TEST_F(Files, FashionMnist) {
  std::string place = "/usr/share/datasets/fashion-mnist/"
                      "t10k-labels-idx1-ubyte.gz";
  if (!std::filesystem::exists(place))
    FAIL()
        << "dataset-fashion-mnist is not installed: run tools/install-packages";
  Want want(SINTER_U8, {128}, 0);
  Read read = readArray(place, want.tensor);
  EXPECT_FALSE(read.failed) << read.message;
  EXPECT_EQ(read.samples, 10000);
  for (char label = 0; label < 10; ++label)
    EXPECT_EQ(std::count(read.data.begin(), read.data.end(), label), 1000);
}

} // namespace
