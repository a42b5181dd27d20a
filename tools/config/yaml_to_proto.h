// Fills a protobuf message from a YAML tree; the message's descriptor is the schema.
#pragma once

#include <google/protobuf/message.h>

#include "tools/config/problems.h"
#include "tools/config/yaml_tree.h"

namespace rootkeep::config {

// Every map key must be a field's name, once. Singular and repeated fields of message, enum, string, bool and uint32
// types are understood: true and false for bool, decimal digits for uint32 (neither in quotes), and for enums the
// value's name without the enum's, in lower case with dashes ("local-only" for CUSTODY_LOCAL_ONLY; the zero value has
// no name). A key with no value is a problem too. Goes on after a problem, so that all are found. `positions` gets the
// place of every key that was given, and of every list element.
void YamlToProto(const YamlNode& root, google::protobuf::Message& message, Positions& positions, Problems& problems);

}  // namespace rootkeep::config
