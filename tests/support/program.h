// Runs a program to its end and keeps what it said.
#pragma once

#include <string>
#include <vector>

namespace rootkeep::testing {

struct ProgramResult {
  int exit_code = -1;  // 128 plus the signal when one ended it
  std::string out;
  std::string err;
};

// argv[0] is the program's path, looked up in PATH when it holds no slash. `input` is its standard input. Aborts when
// it cannot be started; GoogleTest's timeout is the only limit on its time.
ProgramResult RunProgram(const std::vector<std::string>& argv, const std::string& input = "");

}  // namespace rootkeep::testing
