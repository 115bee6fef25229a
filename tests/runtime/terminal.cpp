// On a terminal, progress is one line that renews itself.
#include "harness.h"
#include "models.h"

#include <cmath>
#include <cstdlib>
#include <fcntl.h>

using namespace sinter_tests;

namespace {

TEST(Terminal, TheLineRenewsItself) {
  int controller = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(controller, 0);
  ASSERT_EQ(grantpt(controller), 0);
  ASSERT_EQ(unlockpt(controller), 0);
  int terminal = open(ptsname(controller), O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  Folder folder;
  writeFile(folder / "dt.csv", "0.5");
  fflush(stdout);
  int before = dup(STDOUT_FILENO);
  dup2(terminal, STDOUT_FILENO);
  std::string program = "prog", entry = "step", flag = "--input",
              value = "dt=" + (folder / "dt.csv"), epochs = "--epochs=3";
  char *argv[] = {program.data(), entry.data(),  flag.data(),
                  value.data(),   epochs.data(), nullptr};
  int code = sinter_run(&oscillator, 5, argv);
  dup2(before, STDOUT_FILENO);
  close(before);
  EXPECT_EQ(code, 0);
  // Nobody holds the terminal then, and its controller can be read to the end.
  close(terminal);
  std::string out;
  char text[4096];
  for (ssize_t size; (size = read(controller, text, sizeof text)) > 0;)
    out.append(text, static_cast<size_t>(size));
  EXPECT_EQ(out.find("\r\033[Kstep 1/3 energy "), 0u) << out;
  EXPECT_NE(out.find("\r\033[Kstep 3/3 energy 1.10474"), std::string::npos)
      << out;
  close(controller);
}

} // namespace
