//===- BuildModule.cpp - runs a model's C++ -------------------------------===//

#include "frontend/BuildModule.h"
#include "frontend/Graph.h"

#include "llvm/Support/LineIterator.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace sinter {

static std::vector<ModelDefinition> &registry() {
  static std::vector<ModelDefinition> models;
  return models;
}

detail::Registration::Registration(const ModelDefinition &definition) {
  registry().push_back(definition);
}

const std::vector<ModelDefinition> &registeredModels() { return registry(); }

OwningOpRef<ModuleOp> buildModule(const ModelDefinition &definition,
                                  const OptionValues &options,
                                  MLIRContext &context,
                                  std::vector<Mistake> &mistakes,
                                  std::vector<OptionInfo> *declared) {
  detail::Graph graph(definition, options, context, mistakes);
  Model model;
  OwningOpRef<ModuleOp> module;
  // Nothing here throws, but the model's own C++ may.
  try {
    definition.build(model);
    module = graph.finish();
  } catch (const std::exception &e) {
    graph.error(definition.place,
                "the model threw an exception: " + StringRef(e.what()));
  } catch (...) {
    graph.error(definition.place, "the model threw an exception");
  }
  if (declared)
    *declared = graph.options;
  return module;
}

std::string Mistake::render() const {
  std::string text = file + ":" + std::to_string(line) + ":" +
                     std::to_string(column) + ": error: " + message + "\n";
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer)
    return text;
  for (llvm::line_iterator it(**buffer, /*SkipBlanks=*/false); !it.is_at_end();
       ++it) {
    if (it.line_number() != static_cast<int64_t>(line))
      continue;
    text += "  " + it->str() + "\n  ";
    // Tabs stay tabs, so that the caret stands below its column.
    for (unsigned i = 1; i < column && i <= it->size(); ++i)
      text += (*it)[i - 1] == '\t' ? '\t' : ' ';
    text += "^\n";
    break;
  }
  return text;
}

} // namespace sinter
