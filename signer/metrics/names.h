// Every metric name and label set, in one place: dashboards depend on them.
#pragma once

namespace rootkeep::metric_names {

// istiod's own (istio: security/pkg/server/ca/monitoring.go), so that its dashboards work unchanged.
inline constexpr char kCsrCount[] = "citadel_server_csr_count";
inline constexpr char kAuthenticationFailure[] = "citadel_server_authentication_failure_count";
inline constexpr char kCsrParsingError[] = "citadel_server_csr_parsing_err_count";
inline constexpr char kIdExtractionError[] = "citadel_server_id_extraction_err_count";
inline constexpr char kCsrSignError[] = "citadel_server_csr_sign_err_count";  // error=CSR_ERROR|TTL_ERROR|...
inline constexpr char kSuccess[] = "citadel_server_success_cert_issuance_count";
inline constexpr char kRootExpiryTimestamp[] = "citadel_server_root_cert_expiry_timestamp";
inline constexpr char kRootExpirySeconds[] = "citadel_server_root_cert_expiry_seconds";
inline constexpr char kChainExpiryTimestamp[] = "citadel_server_cert_chain_expiry_timestamp";
inline constexpr char kChainExpirySeconds[] = "citadel_server_cert_chain_expiry_seconds";

// Ours.
inline constexpr char kRefusals[] = "rootkeep_refusals_total";     // reason=<word>
inline constexpr char kStageSeconds[] = "rootkeep_stage_seconds";  // stage=<word>
inline constexpr char kInFlight[] = "rootkeep_issuances_in_flight";
inline constexpr char kTokenUp[] = "rootkeep_token_up";                    // token=<configured name>
inline constexpr char kAuthorityServing[] = "rootkeep_authority_serving";  // authority=<configured name>
inline constexpr char kKeys[] = "rootkeep_keys";  // token=<configured name>, state=PENDING|...|UNCATALOGUED
inline constexpr char kKeyCatalogueReadable[] = "rootkeep_key_catalogue_readable";
inline constexpr char kUnsafeRules[] = "rootkeep_impersonation_rules_without_placement";
inline constexpr char kAttestations[] = "rootkeep_node_attestations_total";  // verdict=<word>, reason=<word>
inline constexpr char kNodes[] = "rootkeep_nodes";  // standing=attested|held|failed|..., reason=<word>
inline constexpr char kNodesNewestEvidence[] = "rootkeep_nodes_newest_evidence_timestamp_seconds";
inline constexpr char kNodesOldestEvidence[] = "rootkeep_nodes_oldest_evidence_timestamp_seconds";  // group=<name>
inline constexpr char kNodesFirstEnd[] = "rootkeep_nodes_first_end_timestamp_seconds";
inline constexpr char kApiCalls[] = "rootkeep_api_calls_total";  // method=<word>, code=<gRPC's word>
inline constexpr char kBundleStreams[] = "rootkeep_bundle_streams";
inline constexpr char kBuildInfo[] = "rootkeep_build_info";  // version=<x.y.z>

}  // namespace rootkeep::metric_names
