//===- model.h - models, entries, variables, options ------------*- C++ -*-===//
//
//   SINTER_MODEL(mlp) {                        // `m` is the model
//     const Batch batch = m.batch(128);        // -P batch=256
//     m.entry("predict", [&](Entry &e) { … });
//   }
//
// An entry is a function that a host can call.  It reads variables as they were
// when it began and writes them when it ends.  The entry `init`, which sets
// every variable, is made from the variables' initializers.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_MODEL_H
#define SINTER_MODEL_H

#include "sinter/init.h"
#include "sinter/tensor.h"

#include <functional>
#include <string_view>

namespace sinter {

/// An entry under construction.
class Entry {
public:
  /// An argument of the entry.  Names are C identifiers, distinct among the
  /// entry's inputs and outputs.  The batch axis is the dimension whose extent
  /// is a `Batch` or `batch_axis(n)`; in a model that has neither, a leading
  /// extent that equals the integer option `batch` (see `fixed`).
  Tensor input(std::string_view name, DType dtype, Shape shape,
               Place place = Place::current());
  /// A result of the entry.  Its batch axis follows from the inputs'.
  void output(std::string_view name, Tensor value,
              Place place = Place::current());

private:
  friend struct detail::Access;
  uint64_t frame_ = 0;
};

struct VariableOptions {
  DType dtype = f32;
  /// Whether optimizers update it.
  bool trainable = false;
};

class Model {
public:
  /// A parameter of the model's text, set with -P name=value.  The same option
  /// may be asked for again with the same default.
  int64_t option(std::string_view name, int64_t otherwise,
                 Place place = Place::current());
  int64_t option(std::string_view name, int otherwise,
                 Place place = Place::current());
  double option(std::string_view name, double otherwise,
                Place place = Place::current());
  bool option(std::string_view name, bool otherwise,
              Place place = Place::current());
  std::string option(std::string_view name, const char *otherwise,
                     Place place = Place::current());
  /// The integer option `batch`, at least 1, as an extent that marks the batch
  /// axis of an input.
  Batch batch(int64_t otherwise, Place place = Place::current());

  /// Defines an entry; runs `body` at once.  Names are C identifiers; `init` is
  /// taken.
  void entry(std::string_view name, const std::function<void(Entry &)> &body,
             Place place = Place::current());

  /// The variable of this scoped name.  Asking again with the same type and
  /// initializer gives the same variable: that is how entries share it.  A
  /// difference is an error, and so is asking for one name from two places of
  /// the source within an entry: pass the handle instead.
  Variable variable(std::string_view name, Shape shape, Initializer initializer,
                    VariableOptions options = {},
                    Place place = Place::current());
  /// A trainable variable.
  Variable parameter(std::string_view name, Shape shape,
                     Initializer initializer, DType dtype = f32,
                     Place place = Place::current());
  /// All variables so far, in order of declaration.
  std::vector<Variable> variables() const;
  /// The trainable variables that the entry under construction has read so far,
  /// in order of declaration.
  std::vector<Variable> trained() const;
};

/// While it lives, names of variables and ops get the prefix "name.".  With a
/// place, ops inside also say that they come from a function called there:
/// library functions open one with their caller's place, which then is where
/// errors are reported.
class [[nodiscard]] Scope {
public:
  explicit Scope(std::string_view name);
  Scope(std::string_view name, Place caller);
  ~Scope();
  Scope(const Scope &) = delete;
  Scope &operator=(const Scope &) = delete;

private:
  bool named_ = false, called_ = false;
};

/// A model's name and the function that builds it.
struct ModelDefinition {
  const char *name;
  void (*build)(Model &);
  Place place;
};

namespace detail {
/// Makes a model known to the program's main function.
struct Registration {
  explicit Registration(const ModelDefinition &definition);
};
} // namespace detail

} // namespace sinter

/// Defines the model `name`; its body follows and builds the model `m`.  Also
/// defines a function `name()` that returns the sinter::ModelDefinition.
#define SINTER_MODEL(name)                                                     \
  static void sinter_build_##name(::sinter::Model &m);                         \
  ::sinter::ModelDefinition name();                                            \
  ::sinter::ModelDefinition name() {                                           \
    return {#name, &sinter_build_##name, ::sinter::Place::current()};          \
  }                                                                            \
  static const ::sinter::detail::Registration sinter_registered_##name(        \
      name());                                                                 \
  static void sinter_build_##name([[maybe_unused]] ::sinter::Model &m)

#endif // SINTER_MODEL_H
