// How enum values are written in configuration files: CUSTODY_LOCAL_ONLY of enum Custody is "local-only".
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rootkeep::config {

// All values but the zero one, which stands for "not given" and has no name.
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& descriptor);

std::optional<int> EnumFromName(const google::protobuf::EnumDescriptor& descriptor, std::string_view name);

}  // namespace rootkeep::config
