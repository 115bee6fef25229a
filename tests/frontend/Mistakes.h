//===- Mistakes.h - what a model's mistakes say -----------------*- C++ -*-===//

#ifndef SINTER_TESTS_FRONTEND_MISTAKES_H
#define SINTER_TESTS_FRONTEND_MISTAKES_H

#include "tests/frontend/Build.h"

namespace sinter {

/// All of them, as the compiler prints them.
inline std::string rendered(const Built &built) {
  std::string all;
  for (const Mistake &mistake : built.mistakes)
    all += mistake.render();
  return all;
}

/// Expects this part of its message.
inline void expectSays(const Mistake &mistake, const std::string &part) {
  EXPECT_NE(mistake.message.find(part), std::string::npos)
      << mistake.message << "\nlacks\n"
      << part;
}

/// Expects one mistake, wherever it is.
inline void expectOnly(const Built &built, const std::string &message) {
  ASSERT_EQ(built.mistakes.size(), 1u) << message << "\n" << rendered(built);
  expectSays(built.mistakes[0], message);
}

} // namespace sinter

#endif // SINTER_TESTS_FRONTEND_MISTAKES_H
