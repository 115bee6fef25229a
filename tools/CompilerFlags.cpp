//===- CompilerFlags.cpp - flags that sinterc and sinter-opt share --------===//
//
// CompileOptions as flags, and nothing else.
//
//===----------------------------------------------------------------------===//

#include "tools/CompilerFlags.h"

#include "compiler/driver/Installation.h"
#include "compiler/driver/Jobs.h"
#include "compiler/target/Cpu.h"
#include "passes/library/OneDnn.h"

using namespace llvm;
using namespace sinter;

Expected<driver::Stage> tools::parseStage(StringRef name) {
  if (std::optional<driver::Stage> stage = driver::findStage(name))
    return *stage;
  std::string all;
  for (int k = 0; k != driver::numStages; ++k)
    all += (k ? ", " : "") + driver::getStageName(driver::Stage(k)).str();
  return createStringError("unknown stage '" + name + "': the stages are " +
                           all);
}

void tools::addCompilerFlags(Flags &flags, driver::CompileOptions &options) {
  flags.add("-O", "0|1|2|3",
            "effort: 0 scalar code, one op a kernel; 2 is the default",
            [&options](StringRef value) -> Error {
              int64_t level;
              if (value.getAsInteger(10, level) || level < 0 || level > 3)
                return createStringError("unknown level '-O" + value +
                                         "': -O0, -O1, -O2 or -O3");
              options.optLevel = level;
              return Error::success();
            });
  options.mlirFlags = true; // Flags registers them
  flags.add("--cpu", "NAME",
            "native (the default: this machine), generic or a CPU's name",
            [&options](StringRef value) -> Error {
              if (auto facts = target::resolveCpu(value); !facts)
                return facts.takeError();
              options.cpu = value.str();
              return Error::success();
            });
  flags.add("-g", "", "line tables: the model's line for each instruction",
            [&options](StringRef) -> Error {
              options.debugInfo = true;
              return Error::success();
            });
  flags.add("--trap-out-of-range", "",
            "end a call at a gather or scatter index out of range",
            [&options](StringRef) -> Error {
              options.trapOutOfRange = true;
              return Error::success();
            });
  flags.add("--library", "onednn|onednn:all",
            "oneDNN for contractions and convolutions that it is expected to "
            "win, or for all it can do",
            [&options](StringRef value) -> Error {
              if (value != "onednn" && value != "onednn:all")
                return createStringError("unknown library '--library=" + value +
                                         "': there is onednn (where it is "
                                         "expected to win), or onednn:all");
              auto library = passes::OneDnn::load(
                  driver::Installation::find().oneDnnModule);
              if (!library)
                return library.takeError();
              options.library = value.str();
              return Error::success();
            });
  flags.addText("--freeze", "FILE.safetensors",
                "make the state constant, with that file's values",
                options.freeze);
  flags.add("--entry", "NAMES",
            "with --freeze: the entries to keep; default all that only read",
            [&options](StringRef names) -> Error {
              for (StringRef name : split(names, ',')) {
                if (name.empty())
                  return createStringError("'--entry=" + names +
                                           "': a name is empty");
                options.entries.push_back(name.str());
              }
              return Error::success();
            });
  flags.addText("--dump-dir", "FOLDER", "one file a stage, to go on from",
                options.dumpDir);
  flags.addSwitch("--elide", "cut large constants short in dumps",
                  options.elide);
  flags.add("--jobs", "N", "threads that compile; default: one for each core",
            [&options](StringRef value) -> Error {
              if (value.getAsInteger(10, options.jobs) || options.jobs < 1 ||
                  options.jobs > driver::mostJobs)
                return createStringError("'--jobs=" + value +
                                         "': a number from 1 to " +
                                         Twine(driver::mostJobs));
              return Error::success();
            });
  flags.addSwitch("--time-passes", "print where the time went",
                  options.timePasses);
  flags.addSwitch("--memory-report", "print the memory plan's figures",
                  options.memoryReport);
  flags.addSwitch("--fusion-report",
                  "print the kernels and why others were not fused",
                  options.fusionReport);
}
