//===- RandomSums.cpp - what random models add up -------------------------===//
//
// Reductions, contractions, windows and convolutions.
//
//===----------------------------------------------------------------------===//

#include "tests/passes/RandomGraphBuilder.h"

#include <algorithm>
#include <numeric>

using namespace sinter::tests;

void RandomGraphBuilder::reduction() {
  Value a = anyReal();
  int rank = a.shape.size();
  if (rank == 0)
    return;
  if (pick(6) == 0)
    return sequence();
  if (pick(5) == 0) {
    int d = pick(rank);
    if (a.shape[d] == 0)
      return;
    Value r = fresh(a.shape, "i32");
    r.shape.erase(r.shape.begin() + d);
    add(r, "argmax " + a.name + " dim " + std::to_string(d) + " : " + a.type() +
               " -> " + r.type());
    return;
  }
  Shape dims, kept;
  int form = pick(4); // rows, columns, all, anything
  for (int d = 0; d < rank; ++d) {
    bool reduce = form == 0   ? d == rank - 1
                  : form == 1 ? d == 0
                  : form == 2 ? true
                              : pick(2);
    reduce ? dims.push_back(d) : kept.push_back(a.shape[d]);
  }
  if (dims.empty())
    return;
  keepExact(a.size() * a.bound, a);
  Value r = fresh(kept, real, std::max<int64_t>(a.size(), 1) * a.bound);
  add(r, oneOf<std::string>(
             {"reduce_sum", "reduce_sum", "reduce_max", "reduce_min"}) +
             " " + a.name + " dims " + list(dims) + " : " + a.type() + " -> " +
             r.type());
  // Usually a part of something like a softmax.
  if (dims.size() == 1 && pick(2)) {
    Shape places;
    for (int d = 0; d < rank; ++d)
      if (d != dims[0])
        places.push_back(d);
    Value wide = fresh(a.shape, real, r.bound);
    Value s = fresh(a.shape, real, r.bound + a.bound);
    add(wide, "broadcast " + r.name + " dims " + list(places) + " : " +
                  r.type() + " -> " + wide.type());
    add(s, "sub " + a.name + ", " + wide.name + " : " + a.type());
  }
}

void RandomGraphBuilder::sequence() {
  Value a = anyReal();
  int rank = a.shape.size();
  if (rank == 0)
    return;
  std::string along = " " + a.name + " dim " + std::to_string(pick(rank));
  // Where numbers are rounded, an order may be another.
  if (options.exact && pick(2)) {
    Value r = fresh(a.shape, "i32");
    add(r, "argsort" + along + (pick(2) ? " descending : " : " : ") + a.type() +
               " -> " + r.type());
    return;
  }
  keepExact(a.size() * a.bound, a);
  Value r = fresh(a.shape, real, std::max<int64_t>(a.size(), 1) * a.bound);
  add(r, "cumulative_sum" + along +
             oneOf<std::string>({"", " reverse", " exclusive"}) + " : " +
             a.type());
}

void RandomGraphBuilder::contraction() {
  Value a = anyReal(), b = anyReal();
  if (a.shape.size() != 2 || b.shape.size() != 2)
    return;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      if (a.shape[i] == b.shape[j]) {
        double depth = std::max<int64_t>(a.shape[i], 1);
        keepExact(depth * a.bound * b.bound, a, &b);
        Value r = fresh({a.shape[1 - i], b.shape[1 - j]}, real,
                        depth * a.bound * b.bound);
        if (isTooLarge(r))
          return;
        add(r, "dot_general " + a.name + ", " + b.name + " contract [" +
                   std::to_string(i) + "] x [" + std::to_string(j) +
                   "] batch [] x [] : " + a.type() + ", " + b.type() + " -> " +
                   r.type());
        return;
      }
}

void RandomGraphBuilder::windows() {
  Value a = anyReal();
  if (a.shape.empty())
    return;
  int d = pick(a.shape.size());
  int64_t extent = a.shape[d];
  if (extent == 0)
    return;
  int64_t size = 1 + pick(std::min<int64_t>(extent, 3));
  int64_t dilation = 2 * (size - 1) < extent ? 1 + pick(2) : 1;
  int64_t stride = 1 + pick(3);
  auto one = [](int64_t number) { return list({number}); };
  std::string how = " dims " + one(d) + " sizes " + one(size) + " strides " +
                    one(stride) + " dilations " + one(dilation) + " : ";
  Value r = a;
  r.name = fresh({}, "").name;
  r.shape[d] = (extent - (size - 1) * dilation - 1) / stride + 1;
  r.shape.insert(r.shape.begin() + d + 1, size);
  if (isTooLarge(r))
    return;
  add(r, "windows " + a.name + how + a.type() + " -> " + r.type());
  switch (pick(3)) {
  case 0: { // Pooling.
    Value y = fresh(a.shape, real, static_cast<double>(size) * a.bound);
    y.shape[d] = r.shape[d];
    keepExact(y.bound, r);
    add(y, oneOf<std::string>({"reduce_max", "reduce_sum"}) + " " + r.name +
               " dims " + one(d + 1) + " : " + r.type() + " -> " + y.type());
    return;
  }
  case 1: {
    double bound = static_cast<double>(size) * a.bound;
    keepExact(bound, r);
    Value y = fresh(a.shape, real, bound);
    add(y, "fold_windows " + r.name + how + r.type() + " -> " + y.type());
    return;
  }
  default:
    return;
  }
}

/// Matrices as images: [s, c] with a kernel [k, c], and each column apart.
void RandomGraphBuilder::convolution() {
  Value a = anyReal(), b = anyReal();
  if (a.shape.size() != 2 || b.shape.size() != 2 || a.shape[1] != b.shape[1] ||
      a.size() == 0 || b.size() == 0)
    return;
  int64_t low = pick(3), high = pick(3), stride = 1 + pick(2);
  int64_t padded = a.shape[0] + low + high;
  if (b.shape[0] > padded)
    return;
  bool depthwise = pick(2);
  int64_t channels = a.shape[1];
  double depth = static_cast<double>(depthwise ? b.shape[0] : b.size());
  keepExact(depth * a.bound * b.bound, a, &b);
  Value x = a, w = b;
  x.name = fresh({}, "").name;
  x.shape = {1, a.shape[0], channels};
  w.name = fresh({}, "").name;
  w.shape = depthwise ? Shape{b.shape[0], 1, channels}
                      : Shape{b.shape[0], channels, 1};
  Value y =
      fresh({1, (padded - b.shape[0]) / stride + 1, depthwise ? channels : 1},
            real, depth * a.bound * b.bound);
  if (isTooLarge(y))
    return;
  add(x, "reshape " + a.name + " : " + a.type() + " -> " + x.type());
  add(w, "reshape " + b.name + " : " + b.type() + " -> " + w.type());
  add(y, "conv " + x.name + ", " + w.name + " strides " + list({stride}) +
             " low " + list({low}) + " high " + list({high}) + " groups " +
             std::to_string(depthwise ? channels : 1) + " : " + x.type() +
             ", " + w.type() + " -> " + y.type());
}
