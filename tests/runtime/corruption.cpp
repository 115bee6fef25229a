// Damaged files: every truncation is an error, and a flipped byte is an error
// or changes nothing, but for the bytes of the numbers themselves in formats
// without a checksum. A message always begins with the file's name.
#include "formats.h"

using namespace sinter_tests;

namespace {

struct Subject {
  std::string name;   // of the file
  Bytes file;         // a valid one, of x = f32 [3, 2]
  size_t checked;     // the bytes whose damage must be noticed
  std::string member; // behind the name
};

Bytes numbers() { return bytesOf<float>({1, 2, 3, 4, 5, 6}); }

std::vector<Subject> subjects() {
  Bytes data = numbers();
  Bytes array = npy("<f4", "3, 2", data);
  Bytes tensors = safetensors(
      R"({"__metadata__":{"format":"pt"},)"
      R"("a\u00e9":{"dtype":"I64","shape":[],"data_offsets":[24,32]},)"
      R"("x":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}})",
      data + Bytes(8, '\7'));
  Bytes big = data;
  for (size_t i = 0; i < big.size(); i += 4)
    std::reverse(big.begin() + i, big.begin() + i + 4);
  Bytes idxFile = idx(0x0D, {3, 2}, big);
  Bytes stored = zip({{"p.npy", array}, {"x.npy", array}}, false);
  Bytes packed = zip({{"p.npy", array}, {"x.npy", array}}, true);
  Bytes gz = gzip(idxFile);
  return {
      {"a.npy", array, array.size() - data.size(), ""},
      {"a.safetensors", tensors, tensors.size() - data.size() - 8, ":x"},
      {"a.idx", idxFile, idxFile.size() - data.size(), ""},
      {"a.idx.gz", gz, gz.size(), ""},
      {"s.npz", stored, stored.size(), ":x"},
      {"d.npz", packed, packed.size(), ":x"},
      {"d2.npz", packed, packed.size(), ""},
  };
}

class Corruption : public testing::TestWithParam<size_t> {
protected:
  Corruption() : subject(subjects()[GetParam()]) {}

  Read read(const Bytes &bytes) {
    writeFile(folder / subject.name, bytes);
    Read read =
        readArray((folder / subject.name) + subject.member, want.tensor);
    if (read.failed) {
      EXPECT_EQ(read.message.find(folder / subject.name), 0u) << read.message;
    }
    return read;
  }
  Folder folder;
  Want want{SINTER_F32, {3, 2}};
  Subject subject;
};

TEST_P(Corruption, TheFileItselfIsValid) {
  Read read = this->read(subject.file);
  EXPECT_FALSE(read.failed) << read.message;
  EXPECT_EQ(read.data, numbers());
}

TEST_P(Corruption, EveryTruncationIsAnError) {
  for (size_t size = 0; size < subject.file.size(); ++size)
    EXPECT_TRUE(read(subject.file.substr(0, size)).failed) << size;
}

TEST_P(Corruption, WhatFollowsIsAnErrorOrIgnored) {
  for (const Bytes &more : {Bytes(1, '\0'), Bytes(40, 'x')}) {
    Read read = this->read(subject.file + more);
    EXPECT_TRUE(read.failed || read.data == numbers());
  }
}

TEST_P(Corruption, EveryChangedByteIsAnErrorOrChangesNothing) {
  for (size_t place = 0; place < subject.file.size(); ++place)
    for (int bits : {0x01, 0x02, 0x04, 0x10, 0x80, 0xff}) {
      Bytes bytes = subject.file;
      bytes[place] = static_cast<char>(bytes[place] ^ bits);
      Read read = this->read(bytes);
      if (place < subject.checked) {
        EXPECT_TRUE(read.failed || read.data == numbers())
            << subject.name << " byte " << place << " bits " << bits;
      }
    }
}

// Arbitrary damage in several places: nothing to expect but that it returns.
TEST_P(Corruption, ArbitraryDamageDoesNotCrash) {
  uint32_t key[2] = {1, 2}, words[4];
  for (uint32_t trial = 0; trial < 1000; ++trial) {
    uint32_t counter[4] = {trial, 0, 0, 0};
    Bytes bytes = subject.file;
    for (uint32_t change = 0; change < 1 + trial % 4; ++change) {
      counter[1] = change;
      sinter_philox4x32(counter, key, words);
      size_t place = words[0] % bytes.size();
      if (words[1] % 3 == 0)
        bytes.erase(place, 1 + words[2] % 8);
      else if (words[1] % 3 == 1)
        bytes.insert(place, 1, static_cast<char>(words[2]));
      else
        bytes[place] = static_cast<char>("0\"{}[],:9x\xff\\"[words[2] % 12]);
      if (bytes.empty())
        break;
    }
    read(bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Corruption,
                         testing::Range<size_t>(0, subjects().size()));

// CSV has no structure to damage; it must only never crash or lie about size.
TEST(CsvCorruption, DoesNotCrash) {
  Folder folder;
  Want want(SINTER_F32, {9, 2}, 0);
  Bytes text = "a,b\n1,2\n3,4\n";
  for (size_t place = 0; place < text.size(); ++place)
    for (int byte = 0; byte < 256; ++byte) {
      Bytes changed = text;
      changed[place] = static_cast<char>(byte);
      writeFile(folder / "a.csv", changed);
      Read read = readArray(folder / "a.csv", want.tensor);
      EXPECT_TRUE(read.failed ||
                  read.data.size() == static_cast<size_t>(read.samples) * 8);
    }
}

} // namespace
