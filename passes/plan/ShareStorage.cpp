//===- ShareStorage.cpp - coalescing of storages --------------------------===//
//
// Comes in: a program full of copies.  Goes out: which storages share bytes.
//
// Two storages may share bytes if their live ranges never meet, or meet only
// while a kernel runs that may write this result over that argument.  Copies
// are tried in the order of their purpose, state first: an optimizer's update
// then writes straight into the parameter, a returned value into the output
// buffer, a carry's next value over the present one.  A per-step output becomes
// a slice of the stack it is copied to.  Last, results take the place of
// arguments that die with the kernel.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/ShareStorage.h"

using namespace mlir;
using namespace sinter::passes::plan;

View Sharing::resolve(const View &view) const {
  View result = view;
  while (!isRoot(result.storage)) {
    const View &place = places[result.storage];
    result.storage = place.storage;
    result.offset += place.offset;
    result.strides.append(place.strides);
  }
  return result;
}

SmallVector<int> Sharing::getBuffers(const Program &program) const {
  SmallVector<int> buffers;
  for (auto [number, storage] : llvm::enumerate(program.storages))
    if (storage.space == Space::Workspace && storage.bytes > 0 &&
        isRoot(number) && !ranges[number].empty())
      buffers.push_back(number);
  return buffers;
}

bool sinter::passes::plan::isRemoved(const Step &copy, const Sharing &sharing) {
  View source = sharing.resolve(copy.reads[0].view);
  View target = sharing.resolve(copy.writes[0].view);
  return source.storage == target.storage && source.offset == target.offset &&
         source.strides == target.strides;
}

CopiedBytes sinter::passes::plan::countCopies(const Program &program,
                                              const Sharing &sharing) {
  CopiedBytes copied;
  auto add = [](int64_t &sum, int64_t bytes) {
    if (__builtin_add_overflow(sum, bytes, &sum))
      sum = std::numeric_limits<int64_t>::max();
  };
  for (const Step &step : program.steps) {
    if (step.kind != Step::Copy || isRemoved(step, sharing))
      continue;
    int64_t bytes = program.getInAll(step.reads[0].getBytes(), step.loop);
    add(copied.inAll, bytes);
    int target = sharing.resolve(step.writes[0].view).storage;
    if (program.storages[target].space == Space::State ||
        (step.purpose == Purpose::Swap && step.loop < 0))
      add(copied.forState, bytes);
  }
  return copied;
}

namespace {

class Coalescer {
public:
  explicit Coalescer(const Program &program) : program(program) {
    sharing.ranges = computeLiveness(program);
    for (int storage = 0; storage != (int)program.storages.size(); ++storage)
      sharing.places.push_back({storage, 0, {}});
  }
  Sharing run();

private:
  /// Whether the operand is all of what its storage has become.
  bool isWhole(const Operand &operand) const {
    View place = sharing.resolve(operand.view);
    return program.coversStorage(operand) && place.strides.empty() &&
           place.offset == 0 &&
           operand.getBytes() == program.storages[place.storage].bytes;
  }
  bool mayOverwriteAt(int64_t moment, int a, int b) const;
  void tryShare(const Operand &a, const Operand &b);
  void trySlice(int copy);
  void tryFirstSlice(int copy);

  const Program &program;
  Sharing sharing;
};

/// Whether a and b may share bytes although both are occupied at this moment:
/// one is an argument and the other the result that may overwrite it, and the
/// kernel touches neither in another way; or a copy between them falls away.
bool Coalescer::mayOverwriteAt(int64_t moment, int a, int b) const {
  const Step &step = program.steps[moment / 2];
  if (step.kind != Step::Launch && step.kind != Step::Copy)
    return false;
  auto isOne = [&](const Operand &operand) {
    int root = sharing.resolve(operand.view).storage;
    return root == a || root == b;
  };
  int64_t argument = -1, result = -1;
  for (auto [number, read] : llvm::enumerate(step.reads))
    if (isOne(read)) {
      if (argument >= 0)
        return false;
      argument = number;
    }
  for (auto [number, write] : llvm::enumerate(step.writes))
    if (isOne(write)) {
      if (result >= 0)
        return false;
      result = number;
    }
  if (argument < 0 || result < 0 ||
      (step.kind == Step::Launch && step.overwrites[result] != argument))
    return false;
  const Operand &read = step.reads[argument], &write = step.writes[result];
  auto bits = [](Type type) {
    return sinter::ir::getStorageType(cast<ShapedType>(type).getElementType())
        .getIntOrFloatBitWidth();
  };
  return isWhole(read) && isWhole(write) && bits(read.type) == bits(write.type);
}

/// Puts both whole storages on the same bytes if that is right.
void Coalescer::tryShare(const Operand &x, const Operand &y) {
  if (!isWhole(x) || !isWhole(y))
    return;
  int a = sharing.resolve(x.view).storage, b = sharing.resolve(y.view).storage;
  const Storage *first = &program.storages[a], *second = &program.storages[b];
  if (a == b || first->bytes != second->bytes || first->bytes == 0)
    return;
  if (first->space == Space::Workspace) {
    std::swap(a, b);
    std::swap(first, second);
  }
  // Now only the first may have a place of its own.
  if (second->space != Space::Workspace || first->space == Space::Input ||
      first->space == Space::Constant)
    return;
  bool apart = forEachOverlap(
      sharing.ranges[a], sharing.ranges[b], [&](Segment overlap) {
        return overlap.start % 2 == 0 && overlap.end == overlap.start + 1 &&
               mayOverwriteAt(overlap.start, a, b);
      });
  if (!apart)
    return;
  sharing.places[b] = {a, 0, {}};
  sharing.ranges[a] = join(sharing.ranges[a], sharing.ranges[b]);
}

/// Makes the source of a copy into a stack a slice of the stack, if it lives
/// within one step of the loop and nothing else in the loop touches the slice,
/// except for reads after the copy.
void Coalescer::trySlice(int index) {
  const Step &copy = program.steps[index];
  if (!isWhole(copy.reads[0]) || copy.writes[0].view.strides.empty())
    return;
  View source = sharing.resolve(copy.reads[0].view);
  View target = copy.writes[0].view;
  int stack = sharing.resolve(target).storage;
  if (!source.strides.empty() || source.storage == stack ||
      program.storages[source.storage].space != Space::Workspace)
    return;
  const Loop &loop = program.loops[copy.loop];
  const LiveRange &range = sharing.ranges[source.storage];
  if (range.empty() || range.front().start < 2 * loop.begin + 2 ||
      range.back().end > 2 * loop.end)
    return;
  for (int i = loop.begin + 1; i != loop.end; ++i) {
    if (i == index)
      continue;
    const Step &step = program.steps[i];
    auto isApart = [&](const Operand &operand) {
      View other = sharing.resolve(operand.view);
      return other.storage != stack ||
             (other.strides == target.strides &&
              (other.offset >= target.offset + copy.writes[0].getBytes() ||
               target.offset >= other.offset + operand.getBytes()));
    };
    if (!llvm::all_of(step.writes, isApart) ||
        (i < index && !llvm::all_of(step.reads, isApart)))
      return;
    // Nor may another value take the source's place after the copy.
    if (i > index && llvm::any_of(step.writes, [&](const Operand &write) {
          return sharing.resolve(write.view).storage == source.storage;
        }))
      return;
  }
  sharing.places[source.storage] = target;
}

/// Makes the first value of a stacked carry in its slice, if the stack is not
/// needed while that value is made.
void Coalescer::tryFirstSlice(int index) {
  const Operand &source = program.steps[index].reads[0];
  View target = sharing.resolve(program.steps[index].writes[0].view);
  int a = target.storage, b = sharing.resolve(source.view).storage;
  if (!isWhole(source) || a == b || !target.strides.empty() ||
      program.storages[b].space != Space::Workspace)
    return;
  // In a loop the stack would be live all the time.
  for (const Step &step : program.steps)
    if (step.loop != program.steps[index].loop &&
        llvm::any_of(step.writes, [&](const Operand &write) {
          return sharing.resolve(write.view).storage == b;
        }))
      return;
  bool apart = forEachOverlap(
      sharing.ranges[a], sharing.ranges[b], [&](Segment overlap) {
        return overlap.start == 2 * index && overlap.end == overlap.start + 1;
      });
  if (!apart)
    return;
  sharing.places[b] = target;
  sharing.ranges[a] = join(sharing.ranges[a], sharing.ranges[b]);
}

Sharing Coalescer::run() {
  SmallVector<int> copies;
  for (auto [number, step] : llvm::enumerate(program.steps))
    if (step.kind == Step::Copy)
      copies.push_back(number);
  llvm::stable_sort(copies, [&](int a, int b) {
    return program.steps[a].purpose < program.steps[b].purpose;
  });
  for (int number : copies) {
    const Step &copy = program.steps[number];
    if (copy.purpose == Purpose::Stack && !copy.writes[0].view.strides.empty())
      trySlice(number);
    else if (copy.fresh)
      tryFirstSlice(number);
    else
      tryShare(copy.reads[0], copy.writes[0]);
  }
  for (const Step &step : program.steps)
    if (step.kind == Step::Launch)
      for (auto [result, argument] : llvm::enumerate(step.overwrites))
        if (argument >= 0)
          tryShare(step.reads[argument], step.writes[result]);
  return std::move(sharing);
}

} // namespace

Sharing sinter::passes::plan::shareStorage(const Program &program) {
  return Coalescer(program).run();
}
