//===- LibraryProgram.h - entries compiled for oneDNN -----------*- C++ -*-===//
//
// Entries on inputs %a, %b, %c, compiled with --library=onednn:all and compared
// with the interpreter.  Where the build has no oneDNN, the same program has to
// be refused with the reason.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TESTS_LIBRARY_LIBRARYPROGRAM_H
#define SINTER_TESTS_LIBRARY_LIBRARYPROGRAM_H

#include "tests/lower/Compiled.h"
#include "tests/lower/ContractionForms.h"

namespace sinter::test {

struct LibraryProgram {
  std::string text = "module @m {\n";
  std::vector<std::string> bodies;

  /// `body` computes %z, of the form's result's type, from %a, %b and %c.
  void add(const Form &form, const std::string &body);
  /// Whole numbers as inputs if `exact`, so that sums are the same in any
  /// order; else fractions, and results that agree to six digits.  oneDNN must
  /// compute at least `fewest` of the entries.
  void check(bool exact, int fewest, From from = From::Fused);
};

} // namespace sinter::test

#endif // SINTER_TESTS_LIBRARY_LIBRARYPROGRAM_H
