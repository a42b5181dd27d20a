// Tests of the lanes exist on processors that have them; elsewhere there is nothing that they could run.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "signer/p256/lanes/lanes.h"

namespace rootkeep::p256::lanes {

class LanesTest : public ::testing::TestWithParam<const char*> {};

// What to instantiate such tests with.
inline std::vector<const char*> WhereAvailable() {
  return Available() ? std::vector<const char*>{"Ifma"} : std::vector<const char*>{};
}

inline std::string NameOfLanes(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace rootkeep::p256::lanes
