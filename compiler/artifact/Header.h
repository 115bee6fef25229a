//===- Header.h - what a host includes -------------------------*- C++ -*-===//

#ifndef SINTER_COMPILER_ARTIFACT_HEADER_H
#define SINTER_COMPILER_ARTIFACT_HEADER_H

#include "compiler/ir/ModelDescription.h"

#include <string>

namespace sinter::artifact {

/// The C99 header: sizes as constants, a struct of typed pointers for each
/// entry's arguments, prototypes, offsets of the variables.
std::string writeCHeader(const ir::ModelDescription &model);

/// The C++20 wrapper that stands beside it and includes it as `cHeaderName`.
std::string writeCppHeader(const ir::ModelDescription &model,
                           llvm::StringRef cHeaderName);

/// The member of an entry's argument struct for each input, then each output.
std::vector<std::string> getArgumentNames(const ir::EntryDescription &entry);
/// "float", "uint8_t": the C type of an element.
llvm::StringRef getCType(const ir::TensorDescription &tensor);
/// "[128, 28, 28] u8, batch axis 0"
std::string describeTensor(const ir::TensorDescription &tensor);

} // namespace sinter::artifact

#endif // SINTER_COMPILER_ARTIFACT_HEADER_H
