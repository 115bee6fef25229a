//===- OpTable.cpp - op × type × derivative, interpreter, code ------------===//
//
// Nothing here is known of an op but a sample of its use.  Whether a type is
// allowed is the verifier's answer, whether there is a derivative that of the
// gradient stage asked for one, whether the interpreter knows the op, that of a
// run; whether there is vector code, that of the loops made of a module of this
// op alone.
//
//===----------------------------------------------------------------------===//

#include "tools/op-table/OpTable.h"

#include "compiler/interpret/Interpreter.h"
#include "compiler/ir/ModuleFacts.h"
#include "compiler/ir/Sinter.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/differentiate/Stage.h"
#include "passes/fuse/Stage.h"
#include "passes/lower/Stage.h"
#include "passes/plan/Stage.h"
#include "passes/simplify/Stage.h"
#include "tools/op-table/Samples.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;

static constexpr StringRef beginMarker = "<!-- op table: begin -->\n";
static constexpr StringRef endMarker = "<!-- op table: end -->\n";

namespace {
struct ElementType {
  const char *name, *text;
};
constexpr ElementType elementTypes[] = {
    {"f64", "f64"}, {"f32", "f32"}, {"bf16", "bf16"}, {"i64", "i64"},
    {"i32", "i32"}, {"i8", "i8"},   {"u8", "ui8"},    {"i1", "i1"}};

/// The answers about one op.
struct Row {
  std::vector<std::string> types, interpreted, vectorized;
  std::string vjp = "–", jvp = "–";
};
} // namespace

static std::string withType(std::string text, StringRef type) {
  for (size_t place = 0; (place = text.find('T', place)) != std::string::npos;
       place += type.size())
    text.replace(place, 1, type.str());
  return text;
}

static bool isFloatTensor(const std::string &type) {
  return StringRef(type).ends_with("f32>") ||
         StringRef(type).ends_with("f64>") || StringRef(type).ends_with("f16>");
}

/// The entry @f around `body`, whose value is %y of `types`.
static std::string entry(const Sample &sample, StringRef body,
                         ArrayRef<std::string> types) {
  std::string text = "sinter.entry @f(";
  for (auto [i, operand] : llvm::enumerate(sample.operands))
    text += (i ? ", %arg" : "%arg") + std::to_string(i) + ": " + operand;
  std::string results = llvm::join(types, ", ");
  std::string values;
  for (size_t i = 0; i < types.size(); ++i)
    values += (i ? ", " : "") +
              (types.size() == 1 ? "%result" : "%result#" + std::to_string(i));
  return text + ") -> (" + results + ") {\n" + body.str() +
         "\n  sinter.return " + values + " : " + results + "\n}\n";
}

static std::string numbered(std::string op) {
  for (size_t place = 0; (place = op.find('%', place)) != std::string::npos;
       ++place)
    if (llvm::isDigit(op[place + 1]))
      op.insert(place + 1, "arg");
  return op;
}

static OwningOpRef<ModuleOp> parse(MLIRContext &context, StringRef text) {
  return parseSourceString<ModuleOp>(text, ParserConfig(&context));
}

/// "yes", "zero" or "–" for the request of a derivative.
static std::string askDerivative(MLIRContext &context, const Sample &sample,
                                 bool forward) {
  std::vector<std::string> names, types;
  for (auto [i, operand] : llvm::enumerate(sample.operands))
    if (isFloatTensor(operand)) {
      names.push_back("%arg" + std::to_string(i));
      types.push_back(operand);
    }
  if (names.empty() || !isFloatTensor(sample.result))
    return "–";
  std::string wrt = llvm::join(names, ", "), of = sample.result;
  std::vector<std::string> results = types;
  if (forward)
    results = {of};
  std::string request =
      "  %y = " + numbered(sample.op) + "\n  %result" +
      (results.size() == 1 ? "" : ":" + std::to_string(results.size())) +
      " = sinter." + (forward ? "jvp" : "vjp") + " (%y) wrt (" + wrt + ") " +
      (forward ? "tangents (" + wrt : "cotangents (%y") + ") : (" + of +
      ") wrt (" + llvm::join(types, ", ") + ")";
  OwningOpRef<ModuleOp> module =
      parse(context, entry(sample, request, results));
  PassManager passes(&context);
  passes::buildGradientStage(passes);
  if (!module || failed(passes.run(*module)))
    return "none";
  Operation *end =
      module->lookupSymbol<ir::EntryOp>("f").getBody().front().getTerminator();
  bool zero = llvm::all_of(end->getOperands(), [](Value value) {
    return matchPattern(value, m_AnyZeroFloat());
  });
  return zero ? "zero" : "yes";
}

static bool isInterpreted(ModuleOp module) {
  std::vector<interpret::Array> inputs;
  for (Type type : module.lookupSymbol<ir::EntryOp>("f").getArgumentTypes())
    inputs.push_back(interpret::Array::zeros(type));
  auto outputs = interpret::Interpreter(module).run("f", inputs);
  if (outputs)
    return true;
  llvm::consumeError(outputs.takeError());
  return false;
}

/// Whether all kernels made of the module are emitted as vectors.
static bool isVectorized(ModuleOp module) {
  ir::TargetFacts target;
  target.vectorBits = 256;
  module->setAttr(ir::targetAttrName, target.toAttr(module.getContext()));
  PassManager manager(module.getContext());
  manager.addPass(passes::createWidenStorage());
  passes::buildFusedStage(manager);
  passes::buildPlannedStage(manager);
  passes::buildLoopsStage(manager);
  if (failed(manager.run(module)))
    return false;
  return llvm::all_of(module.getOps(), [](Operation &op) {
    auto schedule = op.getAttrOfType<DictionaryAttr>("schedule");
    return !schedule || !schedule.contains("scalar_reason");
  });
}

/// The sample for one element type.
static Sample specialize(Sample sample, StringRef opName, StringRef element) {
  for (std::string &operand : sample.operands)
    operand = withType(operand, element);
  sample.op = withType(sample.op, element);
  sample.result = withType(sample.result, element);
  // A constant is written as its type wants it.
  if (opName == "sinter.constant")
    sample.op.replace(sample.op.find("<1>"), 3,
                      element.contains('f') ? "<1.0>"
                      : element == "i1"     ? "<true>"
                                            : "<1>");
  return sample;
}

/// A module of that use alone; null if the verifier does not take it.
static OwningOpRef<ModuleOp> parseSample(MLIRContext &context,
                                         const Sample &sample) {
  return parse(context, entry(sample, "  %result = " + numbered(sample.op),
                              {sample.result}));
}

bool sinter::allowsElements(MLIRContext &context, RegisteredOperationName name,
                            StringRef type) {
  ScopedDiagnosticHandler silence(&context,
                                  [](Diagnostic &) { return success(); });
  std::optional<Sample> sample = sampleOf(name);
  return sample &&
         parseSample(context, specialize(*sample, name.getStringRef(), type));
}

static Row askAll(MLIRContext &context, StringRef opName,
                  const Sample &generic) {
  Row row;
  for (const ElementType &element : elementTypes) {
    Sample sample = specialize(generic, opName, element.text);
    OwningOpRef<ModuleOp> module = parseSample(context, sample);
    if (!module)
      continue;
    row.types.push_back(element.name);
    if (isInterpreted(*module))
      row.interpreted.push_back(element.name);
    if (isVectorized(*module))
      row.vectorized.push_back(element.name);
    if (StringRef(element.text).contains('f')) {
      row.vjp = askDerivative(context, sample, /*forward=*/false);
      row.jvp = askDerivative(context, sample, /*forward=*/true);
    }
  }
  return row;
}

static std::string listOf(const std::vector<std::string> &some,
                          const std::vector<std::string> &all) {
  if (some.empty())
    return "–";
  return some == all ? "all" : llvm::join(some, " ");
}

llvm::Expected<std::string> sinter::makeOpTable() {
  MLIRContext context;
  context.loadDialect<ir::SinterDialect>();
  // Being refused is an answer here, not an error.
  ScopedDiagnosticHandler silence(&context,
                                  [](Diagnostic &) { return success(); });
  std::string text = "| op | types | VJP | JVP | interpreter | vector code |\n"
                     "|---|---|---|---|---|---|\n";
  SmallVector<RegisteredOperationName> names(context.getRegisteredOperations());
  llvm::sort(names, [](RegisteredOperationName a, RegisteredOperationName b) {
    return a.getStringRef() < b.getStringRef();
  });
  for (RegisteredOperationName name : names) {
    if (name.getDialectNamespace() != "sinter" ||
        isStructure(name.getStringRef()))
      continue;
    std::optional<Sample> sample = sampleOf(name);
    if (!sample)
      return llvm::createStringError("no sample of " +
                                     name.getStringRef().str() +
                                     ": add one to tools/op-table/Samples.cpp");
    Row row = askAll(context, name.getStringRef(), *sample);
    text += "| `" + name.stripDialect().str() + "` | " +
            llvm::join(row.types, " ") + " | " + row.vjp + " | " + row.jvp +
            " | " + listOf(row.interpreted, row.types) + " | " +
            listOf(row.vectorized, row.types) + " |\n";
  }
  return text;
}

llvm::Expected<std::string> sinter::replaceOpTable(StringRef text,
                                                   StringRef table) {
  size_t begin = text.find(beginMarker), end = text.find(endMarker);
  if (begin == StringRef::npos || end == StringRef::npos || end < begin)
    return llvm::createStringError("the markers of the op table are missing");
  return (text.take_front(begin + beginMarker.size()) + table +
          text.drop_front(end))
      .str();
}
