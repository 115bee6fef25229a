//===- ImageLayouts.cpp - how convolutions' images lie --------------------===//

#include "compiler/ir/ImageLayouts.h"

using namespace mlir;

void sinter::ir::noteImageLayout(Operation *where, StringRef kind, Value value,
                                 const Twine &text) {
  auto entry = dyn_cast<EntryOp>(where);
  if (!entry)
    entry = where->getParentOfType<EntryOp>();
  if (!entry)
    return;
  StringRef name = getGivenName(value.getLoc());
  std::string line;
  llvm::raw_string_ostream stream(line);
  stream << kind << ' ';
  if (!name.empty())
    stream << '\'' << name << "' ";
  auto type = cast<RankedTensorType>(value.getType());
  llvm::interleave(type.getShape(), stream, "x");
  stream << 'x' << type.getElementType() << ": " << text;
  SmallVector<Attribute> lines;
  if (auto known = entry->getAttrOfType<ArrayAttr>(imageLayoutsAttr))
    llvm::append_range(lines, known);
  lines.push_back(StringAttr::get(entry.getContext(), line));
  entry->setAttr(imageLayoutsAttr, ArrayAttr::get(entry.getContext(), lines));
}
