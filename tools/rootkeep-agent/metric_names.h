// Every metric name and label set of the agent's, in one place: dashboards depend on them. What the daemon tells too
// has the daemon's name.
#pragma once

#include "signer/metrics/names.h"

namespace rootkeep::agent::metric_names {

using rootkeep::metric_names::kBuildInfo;  // version=<x.y.z>
using rootkeep::metric_names::kKeyCatalogueReadable;
using rootkeep::metric_names::kKeys;     // token=<configured name>, state=PENDING|...|UNCATALOGUED
using rootkeep::metric_names::kTokenUp;  // token=<configured name>

// token=<configured name>; of tokens that say so
inline constexpr char kTokenFree[] = "rootkeep_token_free_octets";
inline constexpr char kTokenTotal[] = "rootkeep_token_total_octets";

// call=sign|list|describe|create|probe, outcome=ok|<reason>
inline constexpr char kCalls[] = "rootkeep_keysocket_calls_total";
// token=<configured name>, stage=queue|sign
inline constexpr char kSignSeconds[] = "rootkeep_keysocket_sign_seconds";
// socket=<configured name>, what=connect|speak|sign|describe|create
inline constexpr char kDenials[] = "rootkeep_keysocket_denials_total";
inline constexpr char kConnections[] = "rootkeep_keysocket_connections";
inline constexpr char kWaiting[] = "rootkeep_keysocket_calls_waiting";

// certificate=<configured name>; from when there is one
inline constexpr char kCertificateExpiry[] = "rootkeep_certificate_expiry_timestamp_seconds";
// certificate=<configured name>; from when there is one
inline constexpr char kCertificateNamesMissing[] = "rootkeep_certificate_names_missing";
// certificate=<configured name>, by=certificate|token|attestation
inline constexpr char kCertificateRenewals[] = "rootkeep_certificate_renewals_total";
// certificate=<configured name>, step=renewal|proof|use|reload
inline constexpr char kCertificateFailures[] = "rootkeep_certificate_failures_total";

// code=OK|UNAVAILABLE|..., by=ca|relay: who said so; where there is a relay
inline constexpr char kRelayCalls[] = "rootkeep_relay_calls_total";
// why=client|connections|rate; where there is a relay
inline constexpr char kRelayRefusedConnections[] = "rootkeep_relay_connections_refused_total";
// where there is a relay
inline constexpr char kRelayCaUp[] = "rootkeep_relay_ca_up";

}  // namespace rootkeep::agent::metric_names
