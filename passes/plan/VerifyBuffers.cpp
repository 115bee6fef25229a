//===- VerifyBuffers.cpp - no two live buffers overlap --------------------===//
//
// Comes in: a planned entry, perhaps read from a dump.  Goes out: success or
// located errors.  Nothing is taken from the planner but `sinter.storage`,
// which says what shares bytes on purpose: live ranges are derived here from
// the order of reads and writes, and compared pair by pair.
//
//===----------------------------------------------------------------------===//

#include "passes/plan/VerifyBuffers.h"
#include "passes/plan/packer/Packer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#include <set>

using namespace mlir;
using namespace sinter::ir;
using namespace sinter::passes::plan;

namespace {

struct Access {
  BufferOp buffer;
  /// Reads at even moments, writes at odd ones; a kernel may write before it
  /// has read all, so its writes take up the even moment too.
  int64_t moment;
  bool write;
  Span span;
};

struct LoopSpan {
  LoopOp op;
  int64_t first, last;
};

class EntryVerifier {
public:
  explicit EntryVerifier(EntryOp entry) : entry(entry) {}
  LogicalResult run();

private:
  LogicalResult visit(Block &block);
  LogicalResult access(Value buffer, bool write);
  LogicalResult verifySpan(BufferOp buffer, const Span &span);
  LogicalResult verifyLaunch(LaunchOp launch);
  LogicalResult verifyStorages();
  static Span getSpan(BufferOp buffer, bool moving = true);
  static bool isFilledFirst(ArrayRef<Access> accesses, const Span &whole,
                            const LoopSpan &loop);

  EntryOp entry;
  int64_t moment = 0;
  SmallVector<LoopSpan> loops;
  llvm::MapVector<int64_t, SmallVector<Access>> storages;
  /// Numbers of outputs.
  std::set<int64_t> written;
};

/// The loop whose index this is.
LoopOp getLoop(Value index) {
  return cast<LoopOp>(cast<BlockArgument>(index).getOwner()->getParentOp());
}

/// A product of numbers from a dump, or one that is beyond any memory: of
/// those, some can still be added.
int64_t bounded(int64_t a, int64_t b) {
  constexpr int64_t most = int64_t(1) << 56;
  int64_t product;
  if (llvm::MulOverflow(a, b, product))
    return (a < 0) == (b < 0) ? most : -most;
  return std::clamp(product, -most, most);
}

/// All bytes that the buffer shows while its loops run, or, without `moving`,
/// where their indices are 0.
Span EntryVerifier::getSpan(BufferOp buffer, bool moving) {
  int64_t offset = bounded(static_cast<int64_t>(buffer.getOffset()), 1);
  Span span{offset, offset};
  for (auto [index, stride] :
       llvm::zip(buffer.getIndices(), buffer.getStrides())) {
    if (!moving)
      break;
    int64_t reach = bounded(
        stride, static_cast<int64_t>(getLoop(index).getTripCount()) - 1);
    (reach < 0 ? span.first : span.end) += reach;
  }
  auto type = cast<MemRefType>(buffer.getType());
  span.end += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  return span;
}

LogicalResult EntryVerifier::verifySpan(BufferOp buffer, const Span &span) {
  // Kernels are told that state and workspace are aligned, slices apart.
  if ((buffer.getSpace() == BufferSpace::Workspace ||
       buffer.getSpace() == BufferSpace::State) &&
      buffer.getIndices().empty() &&
      buffer.getOffset() % sinter::plan::alignment != 0)
    return buffer.emitOpError("is not aligned");
  int64_t size = 0;
  auto bytesOf = [&](Type type) { return getByteSize(type); };
  uint64_t number = buffer.getNumber();
  switch (buffer.getSpace()) {
  case BufferSpace::Workspace:
    size = entry->getAttrOfType<IntegerAttr>("workspace_bytes").getInt();
    break;
  case BufferSpace::State:
    if (auto bytes =
            entry->getParentOfType<ModuleOp>()->getAttrOfType<IntegerAttr>(
                "sinter.state_bytes"))
      size = bytes.getInt();
    break;
  case BufferSpace::Input:
    if (number < entry.getArgumentTypes().size())
      size = bytesOf(entry.getArgumentTypes()[number]);
    break;
  case BufferSpace::Output:
    if (number < entry.getResultTypes().size())
      size = bytesOf(entry.getResultTypes()[number]);
    break;
  }
  if (span.first < 0 || span.end > size)
    return buffer.emitOpError("reaches from byte ")
           << span.first << " to " << span.end << " of "
           << stringifyBufferSpace(buffer.getSpace()) << ", which has " << size;
  if (buffer.getSpace() == BufferSpace::State && span.first != span.end &&
      llvm::none_of(entry->getParentOfType<ModuleOp>().getOps<VariableOp>(),
                    [&](VariableOp variable) {
                      int64_t offset = variable.getOffset().value_or(size);
                      return offset <= span.first &&
                             span.end <= offset + bytesOf(variable.getType());
                    }))
    return buffer.emitOpError("reaches from byte ")
           << span.first << " to " << span.end
           << " of state, which is not within one variable";
  return success();
}

LogicalResult EntryVerifier::access(Value value, bool write) {
  auto buffer = value.getDefiningOp<BufferOp>();
  if (!buffer) {
    if (value.getDefiningOp<memref::GetGlobalOp>() && !write)
      return success();
    return emitError(value.getLoc(),
                     "only buffers may be written, only buffers and constants "
                     "read");
  }
  if (write && buffer.getSpace() == BufferSpace::Input)
    return buffer.emitOpError("is an input and may not be written");
  Span span = getSpan(buffer);
  if (write && buffer.getSpace() == BufferSpace::Output)
    written.insert(buffer.getNumber());
  if (span.first == span.end || buffer.getSpace() != BufferSpace::Workspace)
    return success();
  auto storage = buffer->getAttrOfType<IntegerAttr>("sinter.storage");
  constexpr int64_t mostStorages = int64_t(1) << 32;
  if (!storage || !storage.getType().isInteger(64) || storage.getInt() < 0 ||
      storage.getInt() >= mostStorages)
    return buffer.emitOpError(
        "needs `sinter.storage`, an i64 that numbers what shares its bytes");
  storages[storage.getInt()].push_back({buffer, moment, write, span});
  return success();
}

LogicalResult EntryVerifier::verifyLaunch(LaunchOp launch) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(
      launch, launch.getKernelAttr());
  if (!kernel)
    return launch.emitOpError("names no kernel");
  auto meet = [](Value a, Value b) {
    auto x = a.getDefiningOp<BufferOp>(), y = b.getDefiningOp<BufferOp>();
    if (!x || !y || x.getSpace() != y.getSpace() ||
        x.getNumber() != y.getNumber())
      return false;
    // Where both move alike, what counts is where they are in one step.
    bool alike =
        x.getIndices() == y.getIndices() && x.getStrides() == y.getStrides();
    return getSpan(x, !alike).meets(getSpan(y, !alike));
  };
  auto same = [](Value a, Value b) {
    auto x = a.getDefiningOp<BufferOp>(), y = b.getDefiningOp<BufferOp>();
    auto p = cast<MemRefType>(x.getType()), q = cast<MemRefType>(y.getType());
    return x.getOffset() == y.getOffset() && x.getIndices() == y.getIndices() &&
           x.getStrides() == y.getStrides() &&
           p.getNumElements() == q.getNumElements() &&
           p.getElementTypeBitWidth() == q.getElementTypeBitWidth();
  };
  SmallVector<Value> apart(launch.getOuts_());
  if (launch.getScratch())
    apart.push_back(launch.getScratch());
  for (auto [r, out] : llvm::enumerate(apart)) {
    for (auto [i, in] : llvm::enumerate(launch.getIns_())) {
      if (!meet(out, in))
        continue;
      bool allowed = r < launch.getOuts_().size() && kernel.getOverwrites() &&
                     (*kernel.getOverwrites())[r] == static_cast<int64_t>(i);
      if (!allowed || !same(out, in))
        return launch.emitOpError("writes result ")
               << r << " over argument " << i
               << ", which the kernel does not allow";
    }
    for (size_t other = 0; other != r; ++other)
      if (meet(out, apart[other]))
        return launch.emitOpError("writes two results to the same bytes");
  }
  int64_t want = 0, have = 0;
  if (DictionaryAttr schedule = kernel.getScheduleAttr())
    if (auto bytes = schedule.getAs<IntegerAttr>("scratch_bytes"))
      want = bytes.getInt();
  if (launch.getScratch())
    have = cast<MemRefType>(launch.getScratch().getType()).getNumElements();
  if (have < want)
    return launch.emitOpError("has ")
           << have << " bytes of scratch, but the kernel needs " << want;
  return success();
}

/// What computes a step's number from a loop's index.
static bool isIndexArithmetic(Operation &op) {
  return isa<arith::ConstantOp, arith::MulIOp, arith::AddIOp>(op) &&
         op.getResult(0).getType().isIndex();
}

LogicalResult EntryVerifier::visit(Block &block) {
  for (Operation &op : block) {
    moment += 2;
    if (auto buffer = dyn_cast<BufferOp>(op)) {
      if (failed(verifySpan(buffer, getSpan(buffer))))
        return failure();
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      if (failed(verifyLaunch(launch)))
        return failure();
      for (Value in : launch.getIns_())
        if (failed(access(in, false)))
          return failure();
      for (Value out : launch.getOuts_())
        if (failed(access(out, true)))
          return failure();
      if (launch.getScratch() && failed(access(launch.getScratch(), true)))
        return failure();
    } else if (auto copy = dyn_cast<CopyOp>(op)) {
      if (failed(access(copy.getSource(), false)) ||
          failed(access(copy.getTarget(), true)))
        return failure();
    } else if (auto store = dyn_cast<StoreIndexOp>(op)) {
      if (failed(access(store.getTarget(), true)))
        return failure();
    } else if (auto loop = dyn_cast<LoopOp>(op)) {
      size_t number = loops.size();
      loops.push_back({loop, moment, 0});
      if (failed(visit(loop.getBody().front())))
        return failure();
      loops[number].last = moment;
    } else if (!isa<memref::GetGlobalOp, YieldOp, ReturnOp>(op) &&
               !isIndexArithmetic(op)) {
      return op.emitOpError("is left after the planned stage");
    }
  }
  return success();
}

/// Bytes written in one step of a loop: `size` bytes from `offset` on, repeated
/// by the loops inside of it.
struct Filled {
  int64_t offset, size;
  /// Stride and count, the smallest stride first.
  SmallVector<std::pair<int64_t, int64_t>> sweeps;

  Filled(BufferOp buffer, LoopOp loop) : offset(buffer.getOffset()) {
    auto type = cast<MemRefType>(buffer.getType());
    size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
    for (auto [index, stride] :
         llvm::zip(buffer.getIndices(), buffer.getStrides()))
      if (loop->isProperAncestor(getLoop(index))) {
        int64_t count = getLoop(index).getTripCount();
        if (stride < 0)
          offset += stride * (count - 1);
        sweeps.emplace_back(std::abs(stride), count);
      }
    llvm::sort(sweeps);
    collapse();
  }
  void collapse() {
    while (!sweeps.empty() && sweeps.front().first == size) {
      size *= sweeps.front().second;
      sweeps.erase(sweeps.begin());
    }
  }
};

/// Puts together two parts that lie side by side, if there are any.
static bool joinTwo(SmallVectorImpl<Filled> &parts) {
  for (Filled &a : parts)
    for (Filled &b : parts)
      if (&a != &b && a.sweeps == b.sweeps && a.offset + a.size == b.offset) {
        a.size += b.size;
        a.collapse();
        parts.erase(&b);
        return true;
      }
  return false;
}

/// Whether one step of the loop writes the whole storage before it reads
/// anything there that it has not just written.
bool EntryVerifier::isFilledFirst(ArrayRef<Access> accesses, const Span &whole,
                                  const LoopSpan &loop) {
  SmallVector<Filled> parts;
  SmallVector<BufferOp> written;
  for (const Access &access : accesses) {
    if (access.moment <= loop.first || access.moment > loop.last)
      continue;
    BufferOp buffer = access.buffer;
    if (!access.write) {
      auto isThis = [&](BufferOp other) {
        return other.getOffset() == buffer.getOffset() &&
               other.getIndices() == buffer.getIndices() &&
               other.getStrides() == buffer.getStrides() &&
               other.getType() == buffer.getType();
      };
      if (llvm::any_of(written, isThis))
        continue;
      return false;
    }
    written.push_back(buffer);
    parts.push_back(Filled(buffer, loop.op));
    while (joinTwo(parts)) {
    }
    if (llvm::any_of(parts, [&](const Filled &part) {
          return part.sweeps.empty() && part.offset == whole.first &&
                 part.size == whole.end - whole.first;
        }))
      return true;
  }
  return false;
}

LogicalResult EntryVerifier::verifyStorages() {
  struct Life {
    Span bytes;
    sinter::plan::Interval time;
    BufferOp buffer;
  };
  SmallVector<Life> lives;
  for (auto &[number, accesses] : storages) {
    Life life{accesses.front().span,
              {0, accesses.front().moment, accesses.back().moment + 1},
              accesses.front().buffer};
    if (!accesses.front().write)
      return life.buffer.emitOpError("is read before it is written");
    if (!accesses.back().write)
      --life.time.last;
    for (const Access &access : accesses) {
      life.bytes.first = std::min(life.bytes.first, access.span.first);
      life.bytes.end = std::max(life.bytes.end, access.span.end);
    }
    // Where a step of a loop uses what came from before it, the bytes are taken
    // while the whole loop runs.
    for (const LoopSpan &loop : loops) {
      bool touches = llvm::any_of(accesses, [&](const Access &access) {
        return access.moment > loop.first && access.moment <= loop.last;
      });
      if (!touches || isFilledFirst(accesses, life.bytes, loop))
        continue;
      life.time.first = std::min(life.time.first, loop.first);
      life.time.last = std::max(life.time.last, loop.last);
    }
    lives.push_back(life);
  }
  for (auto [number, life] : llvm::enumerate(lives))
    for (Life &other : MutableArrayRef(lives).take_front(number))
      if (life.bytes.meets(other.bytes) && life.time.first <= other.time.last &&
          other.time.first <= life.time.last) {
        InFlightDiagnostic error = life.buffer.emitOpError(
            "overlaps another buffer that is live at the same time");
        error.attachNote(other.buffer.getLoc()) << "the other buffer";
        return error;
      }
  return success();
}

LogicalResult EntryVerifier::run() {
  if (!entry->hasAttrOfType<IntegerAttr>("workspace_bytes"))
    return entry.emitOpError("has no `workspace_bytes`");
  if (failed(visit(entry.getBody().front())))
    return failure();
  for (auto [number, type] : llvm::enumerate(entry.getResultTypes()))
    if (!written.contains(static_cast<int64_t>(number)) &&
        getByteSize(type) > 0)
      return entry.emitOpError("writes nothing to output ") << number;
  return verifyStorages();
}

} // namespace

LogicalResult sinter::passes::plan::verifyBuffers(EntryOp entry) {
  return EntryVerifier(entry).run();
}
