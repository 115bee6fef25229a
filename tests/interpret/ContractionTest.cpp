//===- ContractionTest.cpp - dot_general against hand-counted sums --------===//

#include "tests/interpret/Run.h"

using namespace sinter::interpret;

namespace {
using ContractionTest = Interpret;

TEST_F(ContractionTest, MatrixProduct) {
  Array a = floats("tensor<2x3xf32>", {1, 2, 3, 4, 5, 6});
  Array b = floats("tensor<3x2xf32>", {7, 8, 9, 10, 11, 12});
  Array y = apply("sinter.dot_general %0, %1 contract [1] x [0] batch [] x [] "
                  ": tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>",
                  "tensor<2x2xf32>", {a, b});
  EXPECT_EQ(y.floats, (std::vector<double>{58, 64, 139, 154}));
}

// Batch in the middle of one side and last on the other, two contracting
// dimensions named in crossed order: y[b, m, n] = Σ_{k,l} a[k,b,m,l]
// c[l,n,k,b].
TEST_F(ContractionTest, DimensionsInAnyOrder) {
  const int64_t K = 2, B = 2, M = 3, L = 2, N = 2;
  std::vector<int64_t> av, cv;
  for (int64_t i = 0; i < K * B * M * L; ++i)
    av.push_back(i * i % 7 - 3);
  for (int64_t i = 0; i < L * N * K * B; ++i)
    cv.push_back(i * 5 % 11 - 4);
  Array y =
      apply("sinter.dot_general %0, %1 contract [0, 3] x [2, 0] "
            "batch [1] x [3] : tensor<2x2x3x2xi64>, tensor<2x2x2x2xi64> "
            "-> tensor<2x3x2xi64>",
            "tensor<2x3x2xi64>",
            {ints("tensor<2x2x3x2xi64>", av), ints("tensor<2x2x2x2xi64>", cv)});
  for (int64_t b = 0; b < B; ++b)
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        int64_t sum = 0;
        for (int64_t k = 0; k < K; ++k)
          for (int64_t l = 0; l < L; ++l)
            sum += av[((k * B + b) * M + m) * L + l] *
                   cv[((l * N + n) * K + k) * B + b];
        EXPECT_EQ(y.ints[(b * M + m) * N + n], sum);
      }
}

TEST_F(ContractionTest, EmptySumIsZero) {
  Array y =
      apply("sinter.dot_general %0, %1 contract [1] x [0] batch [] x [] "
            ": tensor<2x0xf64>, tensor<0x1xf64> -> tensor<2x1xf64>",
            "tensor<2x1xf64>",
            {floats("tensor<2x0xf64>", {}), floats("tensor<0x1xf64>", {})});
  EXPECT_EQ(y.floats, (std::vector<double>{0, 0}));
}

TEST_F(ContractionTest, NativeF32RoundsEachStepAndF64DoesNot) {
  Array a = floats("tensor<3xf32>", {16777216, 1, 1});
  Array b = floats("tensor<3xf32>", {1, 1, 1});
  const char *dot = "sinter.dot_general %0, %1 contract [0] x [0] batch [] x "
                    "[] : tensor<3xf32>, tensor<3xf32> -> tensor<f32>";
  EXPECT_EQ(apply(dot, "tensor<f32>", {a, b}).floats[0], 16777216);
  EXPECT_EQ(apply(dot, "tensor<f32>", {a, b}, Precision::F64).floats[0],
            16777218);
}

TEST_F(ContractionTest, IntegersWrap) {
  Array a = ints("tensor<2xui8>", {200, 100});
  Array y = apply("sinter.dot_general %0, %0 contract [0] x [0] batch [] x [] "
                  ": tensor<2xui8>, tensor<2xui8> -> tensor<ui8>",
                  "tensor<ui8>", {a});
  EXPECT_EQ(y.ints[0], (200 * 200 + 100 * 100) % 256);
}
} // namespace
