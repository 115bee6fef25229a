//===- RegressionTest.cpp - the runner knows nothing of images ------------===//
//
// Models that are in no example, compiled to executables and trained from npy,
// IDX and CSV files: three inputs of three kinds, two outputs, and one without
// a batch whose derivative goes through a loop.  What comes out is compared
// with the same training written down here in doubles.
//
//===----------------------------------------------------------------------===//

#include "sinter_runtime.h"
#include "tests/driver/Process.h"
#include "tests/models/DataFiles.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <cstring>
#include <sstream>

using namespace sinter::tests;
using testing::HasSubstr;

namespace {
class Regression : public InFolder {
protected:
  static void compile(const std::string &name) {
    Finished finished =
        run({SINTERC, SOURCE_DIR "/tests/models/regression/" + name + ".cpp",
             "-o", name});
    ASSERT_EQ(finished.code, 0) << finished.err;
  }
  static void execute(std::vector<std::string> args) {
    args[0] = "./" + args[0];
    Finished finished = run(args);
    ASSERT_EQ(finished.code, 0) << finished.err << finished.out;
  }
};

constexpr int64_t batch = 8, samples = 36, steps = samples / batch;

/// Numbers that look like data: the same ones every time.
double datum(int64_t i, int64_t j) { return std::sin(1.0 + 1.7 * i + 0.9 * j); }

TEST_F(Regression, threeInputsOfThreeKinds) {
  std::vector<float> measures, paid;
  std::vector<uint8_t> district;
  for (int64_t i = 0; i < samples; ++i) {
    measures.push_back(static_cast<float>(datum(i, 0)));
    measures.push_back(static_cast<float>(datum(i, 1)));
    district.push_back(static_cast<uint8_t>(i * i % 5));
    paid.push_back(static_cast<float>(datum(i, 2)));
  }
  writeNpy("measures.npy", "36, 2", measures);
  writeIdx("district.idx", district);
  writeCsv("paid.csv", paid);
  const std::vector<std::string> inputs = {"--input", "measures=measures.npy",
                                           "--input", "district=district.idx"};
  compile("prices");
  std::vector<std::string> args = {"prices",  "train",         "--epochs",
                                   "6",       "--seed",        "3",
                                   "--save",  "s.safetensors", "--log",
                                   "log.csv", "--input",       "paid=paid.csv"};
  args.insert(args.end(), inputs.begin(), inputs.end());
  execute(args);
  args = {"prices",        "predict",  "--load",
          "s.safetensors", "--output", "price=price.npy"};
  args.insert(args.end(), inputs.begin(), inputs.end());
  execute(args);

  double slope[2] = {0.25, 0.25}, offset[5] = {};
  auto guess = [&](int64_t i) {
    return slope[0] * measures[2 * i] + slope[1] * measures[2 * i + 1] +
           offset[district[i]];
  };
  std::vector<double> losses;
  for (uint64_t epoch = 0; epoch < 6; ++epoch) {
    std::vector<int64_t> order(samples);
    sinter_shuffle(3, epoch, samples, order.data());
    double sum = 0;
    for (int64_t step = 0; step < steps; ++step) {
      double slopeGradient[2] = {}, offsetGradient[5] = {};
      for (int64_t k = 0; k < batch; ++k) {
        int64_t i = order[step * batch + k];
        double error = guess(i) - paid[i];
        sum += error * error / batch;
        slopeGradient[0] += 2 * error / batch * measures[2 * i];
        slopeGradient[1] += 2 * error / batch * measures[2 * i + 1];
        offsetGradient[district[i]] += 2 * error / batch;
      }
      for (int k = 0; k < 2; ++k)
        slope[k] -= 0.125 * slopeGradient[k];
      for (int k = 0; k < 5; ++k)
        offset[k] -= 0.125 * offsetGradient[k];
    }
    losses.push_back(sum / steps);
  }
  auto log = readCsv("log.csv", /*header=*/true);
  ASSERT_EQ(log.size(), losses.size());
  for (size_t epoch = 0; epoch < losses.size(); ++epoch) {
    EXPECT_EQ(log[epoch][0], epoch + 1);
    EXPECT_EQ(log[epoch][1], steps * batch);
    EXPECT_NEAR(log[epoch][2], losses[epoch], 1e-5 * losses[epoch]);
  }
  EXPECT_LT(losses.back(), losses.front());
  auto price = readNpy<float>("price.npy");
  ASSERT_EQ(price.size(), static_cast<size_t>(samples));
  for (int64_t i = 0; i < samples; ++i)
    EXPECT_NEAR(price[i], guess(i), 1e-5) << i;
}

/// The upper half of a float; halves are cut.
uint16_t upperHalf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}
float fromUpperHalf(uint16_t half) {
  uint32_t bits = uint32_t{half} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Files of bf16 in and out; what is loaded, frozen or read from CSV says the
// same to the bit.
TEST_F(Regression, bf16Throughout) {
  constexpr int64_t width = 60;
  std::vector<uint16_t> x, y;
  std::vector<std::string> rows;
  for (int64_t i = 0; i < samples; ++i) {
    std::ostringstream row;
    row.precision(9);
    for (int64_t j = 0; j < width; ++j) {
      x.push_back(upperHalf(static_cast<float>(datum(i, j))));
      row << (j ? "," : "") << fromUpperHalf(x.back());
    }
    rows.push_back(row.str());
    y.push_back(upperHalf(static_cast<float>(datum(i, 2) / 2)));
  }
  writeNpy("x.npy", "36, 60", x);
  writeNpy("y.npy", "36", y);
  writeCsv("x.csv", rows);
  compile("halves");
  execute({"halves", "train", "--epochs", "30", "--seed", "3", "--save",
           "s.safetensors", "--log", "log.csv", "--input", "x=x.npy", "--input",
           "y=y.npy"});
  auto log = readCsv("log.csv", /*header=*/true);
  EXPECT_LT(log.back()[2], 0.2 * log.front()[2]);
  EXPECT_THAT(readFile("s.safetensors"),
              HasSubstr("\"hidden.weight\":{\"dtype\":\"BF16\""));

  execute({"halves", "predict", "--load", "s.safetensors", "--input", "x=x.npy",
           "--output", "y=loaded.npy"});
  auto loaded = readNpy<uint16_t>("loaded.npy");
  ASSERT_EQ(loaded.size(), static_cast<size_t>(samples));
  double error = 0;
  for (int64_t i = 0; i < samples; ++i)
    error += std::pow(fromUpperHalf(loaded[i]) - fromUpperHalf(y[i]), 2);
  EXPECT_LT(error / samples, 1.5 * log.back()[2] + 1e-3);

  execute({"halves", "predict", "--load", "s.safetensors", "--input", "x=x.csv",
           "--output", "y=read.npy"});
  EXPECT_EQ(readNpy<uint16_t>("read.npy"), loaded);
  Finished finished =
      run({SINTERC, SOURCE_DIR "/tests/models/regression/halves.cpp",
           "--freeze=s.safetensors", "-o", "frozen"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  execute(
      {"frozen", "predict", "--input", "x=x.npy", "--output", "y=frozen.npy"});
  EXPECT_EQ(readNpy<uint16_t>("frozen.npy"), loaded);
}

/// The model `pair` in doubles, one sample at a time.
struct Pair {
  using Vector = std::array<double, 3>;
  double hidden[3][3], hiddenBias[3] = {}, place[3][2], placeBias[2] = {};
  double weight[3], weightBias = 0;
  /// All parameters in one row.
  static constexpr size_t size = 9 + 3 + 6 + 2 + 3 + 1;
  double *all() { return &hidden[0][0]; }

  Pair() {
    auto begin = [](double *to, int count) {
      for (int k = 0; k < count; ++k)
        to[k] = (k % 2 ? -0.25 : 0.25) * (k % 5 + 1);
    };
    begin(&hidden[0][0], 9);
    begin(&place[0][0], 6);
    begin(weight, 3);
  }
  Vector forward(const double *x, Vector &h) const {
    Vector y = {placeBias[0], placeBias[1], weightBias};
    for (int u = 0; u < 3; ++u) {
      double sum = hiddenBias[u];
      for (int k = 0; k < 3; ++k)
        sum += x[k] * hidden[k][u];
      h[u] = std::tanh(sum);
      y[0] += h[u] * place[u][0];
      y[1] += h[u] * place[u][1];
      y[2] += h[u] * weight[u];
    }
    return y;
  }
  /// Adds the derivatives of ½-free squared errors with the given cotangents.
  void backward(const double *x, const Vector &h, const Vector &dy,
                Pair &gradient) const {
    for (int u = 0; u < 3; ++u) {
      gradient.place[u][0] += dy[0] * h[u];
      gradient.place[u][1] += dy[1] * h[u];
      gradient.weight[u] += dy[2] * h[u];
      double dh = dy[0] * place[u][0] + dy[1] * place[u][1] + dy[2] * weight[u];
      double ds = dh * (1 - h[u] * h[u]);
      gradient.hiddenBias[u] += ds;
      for (int k = 0; k < 3; ++k)
        gradient.hidden[k][u] += ds * x[k];
    }
    gradient.placeBias[0] += dy[0];
    gradient.placeBias[1] += dy[1];
    gradient.weightBias += dy[2];
  }
};
static_assert(sizeof(Pair) == Pair::size * sizeof(double));

TEST_F(Regression, twoOutputs) {
  std::vector<double> x, place, weight;
  for (int64_t i = 0; i < samples; ++i) {
    for (int64_t k = 0; k < 3; ++k)
      x.push_back(datum(i, k));
    place.push_back(datum(i, 3));
    place.push_back(datum(i, 4));
    weight.push_back(datum(i, 5));
  }
  writeNpy("x.npy", "36, 3", x);
  writeNpy("place.npy", "36, 2", place);
  writeCsv("weight.csv", weight);
  compile("pair");
  // In two parts, the second going on from the first's file.
  const std::vector<std::string> train = {
      "pair",          "train",           "--input", "x=x.npy",
      "--input",       "place=place.npy", "--input", "weight=weight.csv",
      "--batch-order", "sequential"};
  auto with = [](std::vector<std::string> args,
                 const std::vector<std::string> &more) {
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };
  execute(with(train, {"--epochs", "2", "--save", "half.safetensors"}));
  execute(with(train, {"--epochs", "3", "--load", "half.safetensors", "--save",
                       "s.safetensors", "--log", "log.csv"}));
  execute({"pair", "predict", "--load", "s.safetensors", "--input", "x=x.npy",
           "--output", "place=p.npy", "--output", "weight=w.csv"});

  Pair model, velocity;
  std::fill_n(velocity.all(), Pair::size, 0.0);
  std::vector<std::array<double, 2>> losses;
  for (int epoch = 0; epoch < 5; ++epoch) {
    std::array<double, 2> &loss = losses.emplace_back();
    for (int64_t step = 0; step < steps; ++step) {
      Pair gradient;
      std::fill_n(gradient.all(), Pair::size, 0.0);
      for (int64_t i = step * batch; i < (step + 1) * batch; ++i) {
        Pair::Vector h, y = model.forward(&x[3 * i], h), dy;
        for (int k = 0; k < 2; ++k) {
          double error = y[k] - place[2 * i + k];
          loss[0] += error * error / (2 * batch * steps);
          dy[k] = 2 * error / (2 * batch);
        }
        double error = y[2] - weight[i];
        loss[1] += error * error / (batch * steps);
        dy[2] = 2 * error / batch;
        model.backward(&x[3 * i], h, dy, gradient);
      }
      for (size_t k = 0; k < Pair::size; ++k) {
        velocity.all()[k] = 0.5 * velocity.all()[k] + gradient.all()[k];
        model.all()[k] -= 0.0625 * velocity.all()[k];
      }
    }
  }
  auto log = readCsv("log.csv", /*header=*/true);
  ASSERT_EQ(log.size(), 3u);
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(log[epoch][0], epoch + 3);
    EXPECT_NEAR(log[epoch][2], losses[epoch + 2][0], 1e-8);
    EXPECT_NEAR(log[epoch][3], losses[epoch + 2][1], 1e-8);
  }
  auto places = readNpy<double>("p.npy");
  auto weights = readCsv("w.csv", /*header=*/false);
  ASSERT_EQ(places.size(), 2u * samples);
  ASSERT_EQ(weights.size(), static_cast<size_t>(samples));
  for (int64_t i = 0; i < samples; ++i) {
    Pair::Vector h, y = model.forward(&x[3 * i], h);
    EXPECT_NEAR(places[2 * i], y[0], 1e-12);
    EXPECT_NEAR(places[2 * i + 1], y[1], 1e-12);
    EXPECT_NEAR(weights[i][0], y[2], 1e-8);
  }
}

TEST_F(Regression, noBatchAndADerivativeThroughALoop) {
  writeCsv("start.csv", std::vector<double>{1.5});
  writeCsv("end.csv", std::vector<double>{-0.25});
  compile("orbit");
  execute({"orbit", "fit", "--input", "start=start.csv", "--input",
           "end=end.csv", "--epochs", "30", "--output", "slope=slope.npy",
           "--output", "loss=loss.npy", "--save", "s.safetensors"});
  execute({"orbit", "swing", "--load", "s.safetensors", "--input",
           "start=start.csv", "--output", "end=found.npy"});
  double strength = 1, loss = 0, slope = 0;
  // Place and speed, and their derivatives with respect to the strength.
  auto swing = [&](double &derivative) {
    double place = 1.5, speed = 0, dPlace = 0, dSpeed = 0;
    for (int step = 0; step < 40; ++step) {
      dSpeed -= (place + strength * dPlace) * 0.03125;
      speed -= strength * place * 0.03125;
      place += speed * 0.03125;
      dPlace += dSpeed * 0.03125;
    }
    derivative = dPlace;
    return place;
  };
  double derivative = 0;
  for (int step = 0; step < 30; ++step) {
    double error = swing(derivative) + 0.25;
    loss = error * error;
    slope = 2 * error * derivative;
    strength -= 0.5 * slope;
  }
  EXPECT_LT(loss, 1e-3);
  EXPECT_NEAR(readNpy<double>("loss.npy").at(0), loss, 1e-12);
  EXPECT_NEAR(readNpy<double>("slope.npy").at(0), slope, 1e-12);
  EXPECT_NEAR(readNpy<double>("found.npy").at(0), swing(derivative), 1e-12);
}

TEST_F(Regression, filesThatDoNotFit) {
  compile("prices");
  writeNpy("measures.npy", "4, 3", std::vector<float>(12));
  writeNpy("doubles.npy", "8, 2", std::vector<double>(16));
  writeNpy("good.npy", "8, 2", std::vector<float>(16));
  writeIdx("district.idx", std::vector<uint8_t>(7));
  writeCsv("paid.csv", std::vector<float>(8));
  auto fails = [](const std::string &measures, const std::string &message) {
    Finished finished =
        run({"./prices", "train", "--input", "measures=" + measures, "--input",
             "district=district.idx", "--input", "paid=paid.csv", "--save",
             "s.safetensors"});
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists("s.safetensors"));
  };
  fails("measures.npy", "measures.npy");
  fails("doubles.npy", "doubles.npy");
  fails("good.npy", "district");
}

} // namespace
