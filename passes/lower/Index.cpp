//===- Index.cpp - arithmetic of affine indices ---------------------------===//

#include "passes/lower/Index.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

using namespace mlir;
using namespace sinter::passes;

Index Index::operator+(const Index &other) const {
  Index sum(constant + other.constant);
  sum.lane = lane + other.lane;
  auto a = terms.begin(), b = other.terms.begin();
  while (a != terms.end() || b != other.terms.end()) {
    if (b == other.terms.end() || (a != terms.end() && a->symbol < b->symbol)) {
      sum.terms.push_back(*a++);
    } else if (a == terms.end() || b->symbol < a->symbol) {
      sum.terms.push_back(*b++);
    } else {
      int64_t coefficient = a->coefficient + b->coefficient;
      if (coefficient != 0)
        sum.terms.push_back({a->symbol, coefficient});
      ++a, ++b;
    }
  }
  return sum;
}

Index Index::operator*(int64_t factor) const {
  Index product(constant * factor);
  if (factor == 0)
    return product;
  product.lane = lane * factor;
  for (Term term : terms)
    product.terms.push_back({term.symbol, term.coefficient * factor});
  return product;
}

Index IndexSpace::symbol(Value value, int64_t extent, int64_t multiple) {
  symbols.push_back(
      {value, extent, multiple, isa<VectorType>(value.getType())});
  Index index;
  index.terms.push_back({static_cast<unsigned>(symbols.size() - 1), 1});
  return index;
}

bool IndexSpace::isAffine(const Index &index) const {
  return llvm::none_of(index.terms, [&](const Index::Term &term) {
    return symbols[term.symbol].perLane;
  });
}
bool IndexSpace::isUniform(const Index &index) const {
  return (index.lane == 0 || lanes == 1) && isAffine(index);
}

bool IndexSpace::isMultiple(const Index &index, int64_t factor) const {
  return index.constant % factor == 0 &&
         llvm::all_of(index.terms, [&](const Index::Term &term) {
           return term.coefficient * symbols[term.symbol].multiple % factor ==
                  0;
         });
}

std::pair<int64_t, int64_t> IndexSpace::range(const Index &index) const {
  if (auto known = ranges.find(index); known != ranges.end())
    return known->second;
  int64_t low = index.constant, high = index.constant;
  auto add = [&](int64_t coefficient, int64_t largest) {
    (coefficient < 0 ? low : high) += coefficient * largest;
  };
  add(index.lane, active - 1);
  for (const Index::Term &term : index.terms) {
    const Symbol &symbol = symbols[term.symbol];
    int64_t largest = std::max<int64_t>(symbol.extent - 1, 0);
    add(term.coefficient, largest / symbol.multiple * symbol.multiple);
  }
  return {low, high};
}

std::optional<std::pair<Index, Index>> IndexSpace::split(const Index &index,
                                                         int64_t bound) const {
  // The shared part must be a multiple of more than the other part can be.
  Index shared, rest;
  rest.lane = index.lane;
  int64_t multiple = bound;
  for (const Index::Term &term : index.terms) {
    const Symbol &symbol = symbols[term.symbol];
    Index only;
    only.terms.push_back(term);
    if (symbol.perLane) {
      rest = rest + only;
    } else {
      shared = shared + only;
      multiple = std::gcd(multiple, term.coefficient * symbol.multiple);
    }
  }
  if (multiple == 0)
    return std::nullopt;
  int64_t remainder = ((index.constant % multiple) + multiple) % multiple;
  shared.constant = index.constant - remainder;
  rest.constant = remainder;
  auto [low, high] = range(rest);
  if (low < 0 || high >= multiple)
    return std::nullopt;
  return std::make_pair(shared, rest);
}

Index IndexSpace::emitDivision(const Index &index, int64_t divisor,
                               bool perLane) {
  Location loc = location;
  Value dividend = perLane ? vector(loc, index) : scalar(loc, index);
  Value by = arith::ConstantIndexOp::create(builder, loc, divisor);
  if (perLane)
    by = vector::BroadcastOp::create(builder, loc, dividend.getType(), by);
  Value quotient = arith::DivUIOp::create(builder, loc, dividend, by);
  return symbol(quotient, range(index).second / divisor + 1);
}

std::pair<Index, Index> IndexSpace::divide(const Index &index,
                                           int64_t divisor) {
  if (divisor <= 1)
    return {index, 0};
  // What the divisor divides needs no division.
  Index quotient(index.constant / divisor), rest(index.constant % divisor);
  if (index.lane % divisor == 0)
    quotient.lane = index.lane / divisor;
  else
    rest.lane = index.lane;
  for (const Index::Term &term : index.terms) {
    if (term.coefficient % divisor == 0)
      quotient.terms.push_back({term.symbol, term.coefficient / divisor});
    else
      rest.terms.push_back(term);
  }
  auto [low, high] = range(rest);
  if (low >= 0 && high < divisor)
    return {quotient, rest};
  if (low < 0) {
    quotient = Index();
    rest = index;
  }
  // What is surely a multiple leaves the remainder to the others.
  Index exact, others(rest.constant);
  others.lane = rest.lane;
  for (const Index::Term &term : rest.terms) {
    const Symbol &symbol = symbols[term.symbol];
    bool isMultiple =
        !symbol.perLane && term.coefficient * symbol.multiple % divisor == 0;
    (isMultiple ? exact : others).terms.push_back(term);
  }
  std::tie(low, high) = range(others);
  bool leavesRemainder = !exact.terms.empty() && low >= 0 && high < divisor;
  if (leavesRemainder)
    rest = exact;
  // The place of a known remainder in a division made before.
  DivisionKey key{rest, divisor, lanes};
  std::optional<std::pair<Index, Index>> known;
  for (Scope &scope : scopes)
    if (auto found = scope.divisions.find(key); found != scope.divisions.end())
      known = found->second;
  if (!known) {
    auto parts = split(rest, divisor);
    Index q = parts ? emitDivision(parts->first, divisor, /*perLane=*/false)
                    : emitDivision(rest, divisor, !isUniform(rest));
    known.emplace(q, rest - q * divisor);
    ranges[known->second] = {0, leavesRemainder ? 0 : divisor - 1};
    scopes.back().divisions[key] = *known;
  }
  if (!leavesRemainder)
    return {quotient + known->first, known->second};
  Index remainder = known->second + others;
  ranges[remainder] = {low, high};
  return {quotient + known->first, remainder};
}

Index IndexSpace::linearize(const Indices &indices, ArrayRef<int64_t> shape) {
  Index place;
  for (auto [index, extent] : llvm::zip_equal(indices, shape))
    place = place * extent + index;
  return place;
}

Indices IndexSpace::delinearize(const Index &place, ArrayRef<int64_t> shape) {
  Indices indices(shape.size());
  Index rest = place;
  for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d > 0; --d) {
    auto [quotient, remainder] = divide(rest, shape[d]);
    indices[d] = shape[d] == 1 ? Index() : remainder;
    rest = quotient;
  }
  if (!shape.empty())
    indices[0] = shape[0] == 1 ? Index() : rest;
  return indices;
}

Value IndexSpace::scalar(Location loc, const Index &index) {
  std::pair<Index, int64_t> key{index, 0};
  key.first.lane = 0;
  for (Scope &scope : scopes)
    if (auto found = scope.values.find(key); found != scope.values.end())
      return found->second;
  Value sum;
  auto add = [&](Value part) {
    sum =
        sum ? arith::AddIOp::create(builder, loc, sum, part).getResult() : part;
  };
  for (const Index::Term &term : index.terms) {
    Value value = symbols[term.symbol].value;
    assert(!symbols[term.symbol].perLane && "one index for all lanes");
    if (term.coefficient != 1)
      value = arith::MulIOp::create(
          builder, loc, value,
          arith::ConstantIndexOp::create(builder, loc, term.coefficient));
    add(value);
  }
  if (!sum || index.constant != 0)
    add(arith::ConstantIndexOp::create(builder, loc, index.constant));
  scopes.back().values[key] = sum;
  return sum;
}

Value IndexSpace::vector(Location loc, const Index &index) {
  std::pair<Index, int64_t> key{index, lanes};
  for (Scope &scope : scopes)
    if (auto found = scope.values.find(key); found != scope.values.end())
      return found->second;
  auto type = VectorType::get({lanes}, builder.getIndexType());
  auto splat = [&](Value value) -> Value {
    return vector::BroadcastOp::create(builder, loc, type, value);
  };
  Index shared(index.constant);
  for (const Index::Term &term : index.terms)
    if (!symbols[term.symbol].perLane)
      shared.terms.push_back(term);
  Value sum = splat(scalar(loc, shared));
  if (index.lane != 0) {
    SmallVector<Attribute> steps;
    for (int64_t lane = 0; lane < lanes; ++lane)
      steps.push_back(builder.getIndexAttr(lane * index.lane));
    Value step = arith::ConstantOp::create(builder, loc,
                                           DenseElementsAttr::get(type, steps));
    sum = arith::AddIOp::create(builder, loc, sum, step);
  }
  for (const Index::Term &term : index.terms) {
    if (!symbols[term.symbol].perLane)
      continue;
    Value value = symbols[term.symbol].value;
    if (term.coefficient != 1)
      value = arith::MulIOp::create(builder, loc, value,
                                    splat(arith::ConstantIndexOp::create(
                                        builder, loc, term.coefficient)));
    sum = arith::AddIOp::create(builder, loc, sum, value);
  }
  scopes.back().values[key] = sum;
  return sum;
}

Value IndexSpace::value(Location loc, const Index &index) {
  return lanes == 1 ? scalar(loc, index) : vector(loc, index);
}

void IndexSpace::enter() { scopes.emplace_back(); }
void IndexSpace::leave() { scopes.pop_back(); }
