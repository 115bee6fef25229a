//===- CompilerFlags.h - flags that sinterc and sinter-opt share -*- C++
//-*-===//

#ifndef SINTER_TOOLS_COMPILERFLAGS_H
#define SINTER_TOOLS_COMPILERFLAGS_H

#include "compiler/driver/CompileOptions.h"
#include "tools/Flags.h"

namespace sinter::tools {

/// Adds the flags that fill in `options`.
void addCompilerFlags(Flags &flags, driver::CompileOptions &options);

/// The stage of that name, or an error that lists them.
llvm::Expected<driver::Stage> parseStage(llvm::StringRef name);

} // namespace sinter::tools

#endif // SINTER_TOOLS_COMPILERFLAGS_H
