//===- RandomPrograms.cpp - fused modules at random -----------------------===//
//
// Values are rows of a few numbers and stacks of a few rows; scans step along
// stacks.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/RandomPrograms.h"

#include <random>
#include <vector>

namespace {

const char *kernels = R"(
  sinter.kernel @add(%a: tensor<4xi64>, %b: tensor<4xi64>) -> tensor<4xi64>
      attributes {overwrites = array<i64: 0>} {
    %0 = sinter.add %a, %b : tensor<4xi64>
    sinter.return %0 : tensor<4xi64>
  }
  sinter.kernel @sub(%a: tensor<4xi64>, %b: tensor<4xi64>) -> tensor<4xi64>
      attributes {overwrites = array<i64: 1>} {
    %0 = sinter.sub %a, %b : tensor<4xi64>
    sinter.return %0 : tensor<4xi64>
  }
  sinter.kernel @turn(%a: tensor<4xi64>) -> tensor<4xi64>
      attributes {overwrites = array<i64: -1>,
                  schedule = {kind = "scalar", scratch_bytes = 40 : i64}} {
    %0 = sinter.reverse %a dims [0] : tensor<4xi64> -> tensor<4xi64>
    %1 = sinter.add %0, %0 : tensor<4xi64>
    sinter.return %1 : tensor<4xi64>
  }
  sinter.kernel @both(%a: tensor<4xi64>, %b: tensor<4xi64>)
      -> (tensor<4xi64>, tensor<4xi64>)
      attributes {overwrites = array<i64: 1, 0>} {
    %0 = sinter.add %a, %b : tensor<4xi64>
    %1 = sinter.sub %a, %b : tensor<4xi64>
    sinter.return %0, %1 : tensor<4xi64>, tensor<4xi64>
  }
  sinter.kernel @half(%a: tensor<4xi64>, %b: tensor<4xi64>)
      -> (tensor<4xi64>, tensor<4xi64>)
      attributes {overwrites = array<i64: 0, -1>} {
    %0 = sinter.mul %a, %b : tensor<4xi64>
    %1 = sinter.max %a, %b : tensor<4xi64>
    sinter.return %0, %1 : tensor<4xi64>, tensor<4xi64>
  }
  sinter.kernel @index(%t: tensor<i64>) -> tensor<4xi64>
      attributes {overwrites = array<i64: -1>} {
    %0 = sinter.broadcast %t dims [] : tensor<i64> -> tensor<4xi64>
    sinter.return %0 : tensor<4xi64>
  }
  sinter.kernel @double(%a: tensor<3x4xi64>) -> tensor<3x4xi64>
      attributes {overwrites = array<i64: 0>} {
    %0 = sinter.add %a, %a : tensor<3x4xi64>
    sinter.return %0 : tensor<3x4xi64>
  }
  sinter.kernel @sum(%a: tensor<3x4xi64>) -> tensor<4xi64>
      attributes {overwrites = array<i64: -1>} {
    %0 = sinter.reduce_sum %a dims [0] : tensor<3x4xi64> -> tensor<4xi64>
    sinter.return %0 : tensor<4xi64>
  }
)";

class Generator {
public:
  Generator(uint32_t seed, int width, int steps)
      : random(seed), width(width), steps(steps),
        row("tensor<" + std::to_string(width) + "xi64>"),
        stack("tensor<" + std::to_string(steps) + "x" + std::to_string(width) +
              "xi64>") {}

  std::string make() {
    std::string text = "module @m {\n";
    std::vector<std::string> rowVariables, stackVariables;
    for (int i = 0; i != 3; ++i) {
      rowVariables.push_back("r" + std::to_string(i));
      text += "sinter.variable @r" + std::to_string(i) + " : " + row + "\n";
    }
    for (int i = 0; i != 2; ++i) {
      stackVariables.push_back("s" + std::to_string(i));
      text += "sinter.variable @s" + std::to_string(i) + " : " + stack + "\n";
    }
    Scope scope;
    std::string body;
    scope.rows = {"%x"};
    scope.stacks = {"%z"};
    for (const std::string &name : rowVariables)
      if (below(4)) {
        body += "%" + name + " = sinter.read @" + name + " : " + row + "\n";
        scope.rows.push_back("%" + name);
      }
    for (const std::string &name : stackVariables)
      if (below(4)) {
        body += "%" + name + " = sinter.read @" + name + " : " + stack + "\n";
        scope.stacks.push_back("%" + name);
      }
    body += "%c = sinter.constant dense<5> : " + row + "\n";
    body += "%k = sinter.constant dense<7> : " + stack + "\n";
    if (below(2))
      scope.rows.push_back("%c");
    if (below(2))
      scope.stacks.push_back("%k");
    body += fill(scope, 3 + below(7), 0);
    for (const std::string &name : rowVariables)
      if (below(3))
        body += "sinter.write @" + name + ", " + pick(scope.rows) + " : " +
                row + "\n";
    for (const std::string &name : stackVariables)
      if (below(3))
        body += "sinter.write @" + name + ", " + pick(scope.stacks) + " : " +
                stack + "\n";
    std::vector<std::string> values, types;
    for (int i = below(4); i > 0; --i) {
      bool isRow = below(3);
      values.push_back(pick(isRow ? scope.rows : scope.stacks));
      types.push_back(isRow ? row : stack);
    }
    text += "sinter.entry @e(%x: " + row + ", %z: " + stack + ")";
    if (!types.empty())
      text += " -> (" + list(types) + ")";
    text += " {\n" + body + "sinter.return";
    if (!types.empty())
      text += " " + list(values) + " : " + list(types);
    return text + "\n}\n" + getKernels() + "}\n";
  }

private:
  struct Scope {
    std::vector<std::string> rows, stacks, indices;
  };

  /// The kernels on rows and stacks of this size.
  std::string getKernels() const {
    std::string text = kernels;
    for (auto &[from, to] :
         {std::pair<std::string, std::string>("tensor<3x4xi64>", stack),
          {"tensor<4xi64>", row}})
      for (size_t at = text.find(from); at != std::string::npos;
           at = text.find(from, at + 1))
        text.replace(at, from.size(), to);
    return text;
  }

  int below(int n) { return random() % n; }
  std::string fresh() { return "%v" + std::to_string(next++); }
  std::string pick(const std::vector<std::string> &from) {
    // Late values more often: chains.
    size_t n = from.size();
    return from[below(2) ? n - 1 - below(std::min<size_t>(n, 3)) : below(n)];
  }
  static std::string list(const std::vector<std::string> &parts) {
    std::string text;
    for (const std::string &part : parts)
      text += (text.empty() ? "" : ", ") + part;
    return text;
  }

  std::string fill(Scope &scope, int count, int depth) {
    std::string text;
    for (int i = 0; i != count; ++i)
      text += makeOp(scope, depth);
    return text;
  }

  std::string makeOp(Scope &scope, int depth) {
    std::string v = fresh();
    auto two = [&](const std::string &kernel, bool twice) {
      std::string result = twice ? "(" + row + ", " + row + ")" : row;
      std::string text = v + (twice ? ":2" : "") + " = sinter.call @" + kernel +
                         "(" + pick(scope.rows) + ", " + pick(scope.rows) +
                         ") : (" + row + ", " + row + ") -> " + result + "\n";
      scope.rows.push_back(twice ? v + "#0" : v);
      if (twice)
        scope.rows.push_back(v + "#1");
      return text;
    };
    auto one = [&](const std::string &kernel, const std::string &argument,
                   const std::string &from, const std::string &to) {
      return v + " = sinter.call @" + kernel + "(" + argument + ") : (" + from +
             ") -> " + to + "\n";
    };
    std::string text;
    switch (below(12)) {
    case 0:
    case 1:
      return two("add", false);
    case 2:
      return two("sub", false);
    case 3:
      return two("both", true);
    case 4:
      return two("half", true);
    case 5:
      text = one("turn", pick(scope.rows), row, row);
      scope.rows.push_back(v);
      return text;
    case 6:
      text = one("double", pick(scope.stacks), stack, stack);
      scope.stacks.push_back(v);
      return text;
    case 7:
      text = one("sum", pick(scope.stacks), stack, row);
      scope.rows.push_back(v);
      return text;
    case 8: {
      std::string flat = fresh();
      std::string half = "tensor<2x" + std::to_string(width / 2) + "xi64>";
      text = v + " = sinter.reshape " + pick(scope.rows) + " : " + row +
             " -> " + half + "\n" + flat + " = sinter.reshape " + v + " : " +
             half + " -> " + row + "\n";
      scope.rows.push_back(flat);
      return text;
    }
    case 9:
      if (scope.indices.empty())
        return two("add", false);
      text = one("index", pick(scope.indices), "tensor<i64>", row);
      scope.rows.push_back(v);
      return text;
    default:
      return depth < 2 ? makeScan(scope, v, depth) : two("both", true);
    }
  }

  std::string makeScan(Scope &scope, const std::string &v, int depth) {
    Scope inner;
    std::vector<std::string> carry, each, with, types, yields;
    bool stacked = below(4);
    auto argument = [&](std::vector<std::string> &group, bool isRow,
                        bool sliced) {
      std::string name = fresh();
      group.push_back(name + " = " + pick(isRow ? scope.rows : scope.stacks) +
                      " : " + (isRow ? row : stack));
      (isRow || sliced ? inner.rows : inner.stacks).push_back(name);
    };
    std::vector<bool> carriesRow;
    std::vector<std::string> carried;
    for (int i = below(4); i > 0; --i) {
      carriesRow.push_back(below(4));
      argument(carry, carriesRow.back(), false);
      carried.push_back((carriesRow.back() ? inner.rows : inner.stacks).back());
      types.push_back(carriesRow.back() ? row : stack);
    }
    if (stacked)
      for (int i = below(3); i > 0; --i)
        argument(each, false, true);
    // So that there is something to pick.
    argument(with, true, false);
    argument(with, false, false);
    std::string index = fresh();
    inner.indices = {index};
    std::string body = fill(inner, 1 + below(4), depth + 1);
    for (bool isRow : carriesRow)
      yields.push_back(pick(isRow ? inner.rows : inner.stacks));
    std::vector<std::string> yieldTypes = types;
    size_t outputs = stacked ? below(3) : 0;
    for (size_t i = 0; i != outputs; ++i) {
      // Often what a carry was or becomes.
      std::string value = pick(inner.rows);
      if (int carries = carriesRow.size(); carries && below(2))
        if (int i = below(carries); carriesRow[i])
          value = below(2) ? yields[i] : carried[i];
      yields.push_back(value);
      yieldTypes.push_back(row);
      types.push_back(stack);
    }
    std::string text;
    if (!types.empty())
      text = v + ":" + std::to_string(types.size()) + " = ";
    text += "sinter.scan " + std::to_string(stacked ? steps : below(4));
    text += below(3) ? "" : " reverse";
    if (!carry.empty())
      text += " carry(" + list(carry) + ")";
    if (!each.empty())
      text += " each(" + list(each) + ")";
    text += " with(" + list(with) + ") index(" + index + ") -> (" +
            list(types) + ") {\n" + body + "sinter.yield";
    if (!yields.empty())
      text += " " + list(yields) + " : " + list(yieldTypes);
    text += "\n}\n";
    for (size_t i = 0; i != types.size(); ++i) {
      std::string name = v + "#" + std::to_string(i);
      (types[i] == row ? scope.rows : scope.stacks).push_back(name);
    }
    return text;
  }

  std::mt19937 random;
  int width, steps;
  std::string row, stack;
  int next = 0;
};

} // namespace

std::string sinter::test::makeRandomProgram(uint32_t seed, int width,
                                            int steps) {
  return Generator(seed, width, steps).make();
}
