#include "tools/rootkeep/istio_protoset.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "proto/istio/ca.pb.h"

namespace rootkeep::cli {

std::string IstioProtoset() {
  const google::protobuf::FileDescriptor* file = istio::v1::auth::IstioCertificateRequest::descriptor()->file();
  google::protobuf::FileDescriptorSet set;
  // A file comes after those it imports; theirs import nothing.
  for (int i = 0; i < file->dependency_count(); ++i) file->dependency(i)->CopyTo(set.add_file());
  file->CopyTo(set.add_file());
  return set.SerializeAsString();
}

}  // namespace rootkeep::cli
