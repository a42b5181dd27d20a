// Names that nothing below a CA may have (RFC 5280 §4.2.1.10, excluded subtrees). There is no list of permitted ones: a
// SPIFFE ID is a URI, and rustls takes no certificate with a URI below a CA whose constraints name one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "signer/general_name.h"

namespace rootkeep {

struct ExcludedNames {
  std::vector<std::string> dns;  // each with all names of that domain; "": every name
  std::vector<Bytes> addresses;  // each with its mask: 8 octets of IPv4, 32 of IPv6

  [[nodiscard]] bool empty() const { return dns.empty() && addresses.empty(); }
  // Unless it is in it already.
  void AddDomain(std::string_view domain);
  // A host's address or DNS name; nothing else. A name of three labels or more takes its whole domain with it: a
  // wildcard stands for every host of one, and some verifiers do not hold it against a name that is excluded. An IPv4
  // address is also excluded as IPv6 writes it (::ffff:a.b.c.d), and the other way round: to Go they are one.
  void AddHost(const GeneralName& name);

  friend bool operator==(const ExcludedNames&, const ExcludedNames&) = default;
};

// Every DNS name and every address.
ExcludedNames EveryHost();

}  // namespace rootkeep
