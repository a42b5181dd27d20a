// Rows of the trust tables as values. Internal to this folder; errors as store::Database.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "signer/bundle/bundle_event.h"
#include "signer/bundle/trust_bundle.h"
#include "signer/store/database.h"

namespace rootkeep::bundle_rows {

// All trust domains on record, by name, each with its roots and keys.
Result<std::map<std::string, TrustBundle, std::less<>>> SelectBundles(store::Database& database);
// One; empty, with sequence 0, when it is not on record.
Result<TrustBundle> SelectBundle(store::Database& database, std::string_view trust_domain);
// Removed ones too, in the order in which they came.
Result<std::vector<RootRecord>> SelectRoots(store::Database& database, std::string_view trust_domain);
// Newest first.
Result<std::vector<BundleEvent>> SelectEvents(store::Database& database, std::string_view trust_domain,
                                              std::size_t limit);

// The next sequence number, and which root is active (empty: none was chosen).
Status PutBundle(store::Database& database, const TrustBundle& bundle);
// A root that is not on record.
Status InsertRoot(store::Database& database, std::string_view trust_domain, const RootRecord& record);
// State, since when, and whether it vouches for clients.
Status UpdateRoot(store::Database& database, std::string_view trust_domain, const RootRecord& record);
// Removed ones too, in the order in which they came.
Result<std::vector<JwtKeyRecord>> SelectJwtKeys(store::Database& database, std::string_view trust_domain);
// A key whose id is not on record.
Status InsertJwtKey(store::Database& database, std::string_view trust_domain, const JwtKeyRecord& record);
// Under every id with which it is in the bundle.
Status MarkJwtKeyRemoved(store::Database& database, std::string_view trust_domain, ByteView public_key,
                         std::int64_t now);
// How many keys this publisher has in the bundle.
Result<std::size_t> CountJwtKeys(store::Database& database, std::string_view trust_domain, std::string_view by);
// Those in the bundle that end by `now`; how many. Removed ones go kLongestJwtKey after their removal, whatever their
// publisher said of their end.
Result<std::int64_t> DeleteExpiredJwtKeys(store::Database& database, std::string_view trust_domain, std::int64_t now);
// Nothing when it is there.
Status InsertIssuer(store::Database& database, std::string_view trust_domain, std::string_view issuer,
                    std::string_view root);
// Whether any issuing certificate was noted to chain to the root.
Result<bool> HasIssuers(store::Database& database, std::string_view trust_domain, std::string_view root);
// Of the newest kMostEvents the history consists.
Status InsertEvent(store::Database& database, const BundleEvent& event);
inline constexpr std::int64_t kMostEvents = 100'000;

}  // namespace rootkeep::bundle_rows
