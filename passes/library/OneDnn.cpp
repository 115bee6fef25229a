//===- OneDnn.cpp - what oneDNN says of a descriptor ----------------------===//

#include "passes/library/OneDnn.h"

#include "llvm/Support/FileSystem.h"

#include <dlfcn.h>

using namespace sinter;
using passes::OneDnn;

llvm::Expected<OneDnn> OneDnn::load(llvm::StringRef path) {
  if (!llvm::sys::fs::exists(path))
    return llvm::createStringError(
        "--library=onednn: this build has no oneDNN ('" + path +
        "' is missing): install libdnnl-dev and build again, or leave the "
        "option out");
  void *library = dlopen(path.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return llvm::createStringError(
        llvm::Twine("--library=onednn: oneDNN cannot be loaded: ") + dlerror());
  OneDnn found;
  found.query = reinterpret_cast<decltype(found.query)>(
      dlsym(library, "sinter_onednn_query"));
  if (!found.query)
    return llvm::createStringError("--library=onednn: '" + path +
                                   "' is of another version of Sinter");
  return found;
}

OneDnn::Answer OneDnn::ask(const sinter_onednn_call &call) const {
  Answer answer;
  char name[64] = "";
  if (const char *message =
          query(&call, &answer.scratchBytes, name, sizeof name))
    answer.refusal = message;
  answer.implementation = name;
  return answer;
}
