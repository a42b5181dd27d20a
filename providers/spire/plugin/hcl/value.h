// A configuration as read from HCL or JSON text.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace rootkeep::spire::hcl {

// Both count from 1; columns are octets.
struct Position {
  unsigned line = 1;
  unsigned column = 1;
};

struct Value;
struct Member;
using List = std::vector<Value>;
using Object = std::vector<Member>;  // in the text's order, no key twice

struct Value {
  Position position;
  std::variant<std::string, std::int64_t, bool, List, Object> content;
};

struct Member {
  std::string key;
  Position position;  // the key's
  Value value;
};

}  // namespace rootkeep::spire::hcl
