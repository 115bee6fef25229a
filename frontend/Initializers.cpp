//===- Initializers.cpp - how variables begin, and the entry `init` -------===//

#include "frontend/Graph.h"
#include "frontend/include/sinter/ops.h"
#include "frontend/include/sinter/random.h"

#include "llvm/Support/Format.h"

#include <cmath>

using namespace mlir;

namespace sinter {
using detail::Access;
using detail::Graph;

namespace detail {

/// The entry `init(seed)`: writes every variable's initial value.
void Graph::makeInit() {
  EntryRecord &init = *beginEntry("init", definition.place);
  init.isInit = true;
  init.inputNames.push_back("seed");
  init.batchAxes.push_back(std::nullopt);
  init.guessedAxes.push_back(std::nullopt);
  auto seedType = RankedTensorType::get({}, builder.getI64Type());
  frame()->block->addArgument(
      seedType,
      NameLoc::get(builder.getStringAttr("seed"), loc(definition.place)));
  for (auto &variable : variables) {
    Scope scope(variable->name, variable->place);
    Tensor value = variable->initializer.make(variable->shape, variable->dtype,
                                              variable->place);
    Value resolved = resolve(value, variable->place, "initializer");
    if (!resolved)
      continue;
    std::string have = describe(resolved.getType());
    std::string want = describe(variable->dtype, variable->shape);
    if (have != want) {
      error(variable->place, "variable '" + variable->name + "': is " + want +
                                 ", but its initializer gives " + have);
      continue;
    }
    ir::WriteOp::create(builder, namedLoc("", loc(variable->place)),
                        variable->name, resolved);
  }
  endEntry();
}

} // namespace detail

namespace init {

static std::string number(double value) {
  llvm::SmallString<24> text;
  llvm::raw_svector_ostream(text) << llvm::format("%.17g", value);
  return std::string(text);
}

static std::pair<double, double> fans(const std::vector<int64_t> &shape) {
  double in = 1;
  for (size_t d = 0; d + 1 < shape.size(); ++d)
    in *= static_cast<double>(shape[d]);
  double out = shape.empty() ? 1 : static_cast<double>(shape.back());
  return {std::max(in, 1.0), std::max(out, 1.0)};
}

Initializer constant(double value) {
  return {"constant(" + number(value) + ")",
          [=](const std::vector<int64_t> &shape, DType dtype, Place place) {
            return full(shape, value, dtype, place);
          }};
}
Initializer zeros() { return constant(0); }

Initializer values(std::vector<double> values) {
  std::string description = "values(";
  for (double value : values)
    description += number(value) + ",";
  return {description + ")",
          [values = std::move(values)](const std::vector<int64_t> &shape,
                                       DType dtype, Place place) {
            return sinter::constant(values, shape, dtype, place);
          }};
}

/// Random numbers are floats.
static bool drawable(DType dtype, Place place) {
  if (is_float(dtype))
    return true;
  Graph::report(place,
                Twine("a random initializer makes f32, f64 or bf16, not ") +
                    to_string(dtype));
  return false;
}

/// Normal numbers whose deviation may depend on the shape.
template <class Deviation>
static Initializer normalOf(std::string description, Deviation deviation) {
  return {std::move(description),
          [=](const std::vector<int64_t> &shape, DType dtype, Place place) {
            if (!drawable(dtype, place))
              return Graph::poison();
            // Rounded once, in the end, if it is bf16.
            DType wide = detail::computeType(dtype);
            return cast(random::normal(shape, wide, place) * deviation(shape),
                        dtype, place);
          }};
}
template <class Bounds>
static Initializer uniformOf(std::string description, Bounds bounds) {
  return {std::move(description),
          [=](const std::vector<int64_t> &shape, DType dtype, Place place) {
            if (!drawable(dtype, place))
              return Graph::poison();
            auto [low, high] = bounds(shape);
            DType wide = detail::computeType(dtype);
            return cast(random::uniform(shape, wide, place) * (high - low) +
                            low,
                        dtype, place);
          }};
}

Initializer normal(double standard_deviation) {
  return normalOf("normal(" + number(standard_deviation) + ")",
                  [=](const auto &) { return standard_deviation; });
}
Initializer uniform(double low, double high) {
  return uniformOf("uniform(" + number(low) + ", " + number(high) + ")",
                   [=](const auto &) { return std::pair(low, high); });
}
Initializer xavier_normal() {
  return normalOf("xavier_normal()", [](const auto &shape) {
    auto [in, out] = fans(shape);
    return std::sqrt(2 / (in + out));
  });
}
Initializer xavier_uniform() {
  return uniformOf("xavier_uniform()", [](const auto &shape) {
    auto [in, out] = fans(shape);
    double bound = std::sqrt(6 / (in + out));
    return std::pair(-bound, bound);
  });
}
Initializer lecun_normal() {
  return normalOf("lecun_normal()", [](const auto &shape) {
    return std::sqrt(1 / fans(shape).first);
  });
}
Initializer he_normal() {
  return normalOf("he_normal()", [](const auto &shape) {
    return std::sqrt(2 / fans(shape).first);
  });
}
Initializer he_uniform() {
  return uniformOf("he_uniform()", [](const auto &shape) {
    double bound = std::sqrt(6 / fans(shape).first);
    return std::pair(-bound, bound);
  });
}
Initializer he_normal_fan_out() {
  return normalOf("he_normal_fan_out()", [](const auto &shape) {
    return std::sqrt(2 / fans(shape).second);
  });
}

} // namespace init
} // namespace sinter
