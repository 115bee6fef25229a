//===- compile.h - models compiled and run in this process ------*- C++ -*-===//
//
//   SINTER_MODEL(mlp) { … }
//
//   sinter::Executable exe = sinter::compile(mlp());
//   exe.init(7);
//   exe.run("train", {{"images", images}, {"labels", labels}, {"loss", loss}});
//
// The same compiler as sinterc, as a library (Sinter::compiler in CMake): what
// runs is native code.  Errors are exceptions, here and nowhere below.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILE_H
#define SINTER_COMPILE_H

#include "sinter/model.h"

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" {
struct sinter_model;
struct sinter_host;
}

namespace sinter {

/// A model that cannot be compiled; what() holds all its mistakes, each at its
/// line, as sinterc prints them.
class CompileError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

struct CompileSettings {
  /// "native", "generic" or a CPU's name.
  std::string cpu = "native";
  /// As -O0 … -O3.
  int optimization = 2;
  /// As --library: "onednn", "onednn:all" or none.
  std::string library = {};
  /// The model's own options, as -P name=value.
  std::vector<std::pair<std::string, std::string>> options = {};
  /// Threads that compile; 0: as many as there are cores. The code is the same.
  int jobs = 0;
};

/// A named input or output of a run: contiguous memory of the entry's element
/// type (`uint8_t` or `bool` for i1, `uint16_t` for the bits of a bf16), or one
/// value.
class Argument {
public:
  template <std::ranges::contiguous_range Range>
  Argument(std::string_view name, Range &&range)
      : Argument(name, std::span(range)) {}
  template <typename Scalar>
  requires std::integral<Scalar> || std::floating_point<Scalar>
  Argument(std::string_view name, Scalar &value)
      : Argument(name, std::span<Scalar>(&value, 1)) {}

private:
  friend class Executable;
  template <typename Element, size_t n>
  Argument(std::string_view name, std::span<Element, n> elements)
      : name(name), data(elements.data()), count(elements.size()),
        elementBytes(sizeof(Element)),
        isFloat(std::floating_point<std::remove_cv_t<Element>>),
        isConst(std::is_const_v<Element>) {}

  std::string_view name;
  const void *data;
  size_t count, elementBytes;
  bool isFloat, isConst;
};

/// A compiled model with its state and workspace.
class Executable {
public:
  Executable(Executable &&) noexcept;
  Executable &operator=(Executable &&) noexcept;
  ~Executable();

  /// Sets every variable; the same seed gives the same bits.
  void init(uint64_t seed);
  /// Runs an entry. std::invalid_argument if an argument is missing, unknown,
  /// or of another type or size than the entry's.
  void run(std::string_view entry, std::initializer_list<Argument> arguments,
           const sinter_host *host = nullptr);

  /// All variables, as `model()` lays them out.
  std::span<std::byte> state();
  /// Names, dtypes, shapes, offsets and sizes: see sinter_runtime.h.
  const sinter_model &model() const;

private:
  friend Executable compile(const ModelDefinition &, const CompileSettings &);
  struct Loaded;
  explicit Executable(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

/// Compiles a model; its state is that of init(0).
Executable compile(const ModelDefinition &model,
                   const CompileSettings &settings = {});

} // namespace sinter

#endif // SINTER_COMPILE_H
