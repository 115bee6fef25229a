//===- Options.cpp - the model's own parameters (-P name=value) -----------===//

#include "frontend/Graph.h"
#include "frontend/include/sinter/model.h"

#include "llvm/Support/Format.h"

using namespace mlir;

namespace sinter {
using detail::Graph;

namespace detail {

const std::string *Graph::option(StringRef name, StringRef type,
                                 const std::string &otherwise, Place place) {
  if (!ir::isIdentifier(name)) {
    error(place, "option: the name '" + name +
                     "' must be of letters, digits and underscores");
    return nullptr;
  }
  const std::string *text = nullptr;
  for (auto &[key, value] : given)
    if (key == name)
      text = &value;
  for (OptionInfo &old : options) {
    if (old.name != name)
      continue;
    if (old.type != type || old.otherwise != otherwise)
      error(place, "option '" + name + "' was asked for before as " + old.type +
                       " with default " + old.otherwise +
                       ": ask with the same type and default");
    return text;
  }
  options.push_back(
      {name.str(), type.str(), otherwise, text ? *text : otherwise});
  return text;
}

} // namespace detail

/// Reads the option's text with `parse`, which returns false on nonsense.
template <class T, class Parse>
static T readOption(std::string_view name, StringRef type, T otherwise,
                    const std::string &otherwiseText, Place place,
                    Parse parse) {
  Graph *graph = Graph::current();
  if (!graph) {
    Graph::report(place, "option");
    return otherwise;
  }
  const std::string *text =
      graph->option(StringRef(name), type, otherwiseText, place);
  T value = otherwise;
  if (text && !parse(*text, value)) {
    graph->error(place, "option '" + std::string(name) + "': '" + *text +
                            "' (from -P) is not " +
                            (type == "integer" ? "an " : "a ") + type);
    return otherwise;
  }
  return value;
}

int64_t Model::option(std::string_view name, int64_t otherwise, Place place) {
  int64_t value =
      readOption(name, "integer", otherwise, std::to_string(otherwise), place,
                 [](StringRef text, int64_t &value) {
                   return !text.getAsInteger(10, value);
                 });
  Graph *graph = Graph::current();
  if (graph && name == "batch")
    graph->batchOption = value;
  return value;
}

int64_t Model::option(std::string_view name, int otherwise, Place place) {
  return option(name, static_cast<int64_t>(otherwise), place);
}

double Model::option(std::string_view name, double otherwise, Place place) {
  llvm::SmallString<24> shown;
  llvm::raw_svector_ostream(shown) << llvm::format("%.17g", otherwise);
  return readOption(name, "number", otherwise, std::string(shown), place,
                    [](StringRef text, double &value) {
                      return !text.getAsDouble(value, /*AllowInexact=*/true);
                    });
}

bool Model::option(std::string_view name, bool otherwise, Place place) {
  return readOption(name, "boolean", otherwise, otherwise ? "true" : "false",
                    place, [](StringRef text, bool &value) {
                      value = text == "true" || text == "1";
                      return value || text == "false" || text == "0";
                    });
}

std::string Model::option(std::string_view name, const char *otherwise,
                          Place place) {
  return readOption(name, "text", std::string(otherwise),
                    std::string(otherwise), place,
                    [](StringRef text, std::string &value) {
                      value = text.str();
                      return true;
                    });
}

Batch Model::batch(int64_t otherwise, Place place) {
  int64_t size = option("batch", otherwise, place);
  if (size >= 1)
    return {size};
  Graph::report(place, "option 'batch': " + Twine(size) +
                           " samples: at least 1 is needed");
  return {1};
}

} // namespace sinter
