#include "signer/lint/extension_rules.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "keystore/base/openssl.h"
#include "signer/lint/fields.h"

namespace rootkeep::lint {
namespace {

using std::ranges::equal;

Status CheckKeyUsage(const ExtensionSet& set, const Profile& profile) {
  if (!set.key_usage) return Broken("lint_key_usage", "no key usage");
  if (!set.key_usage->critical) return Broken("lint_extension", "the key usage is not critical");
  const std::optional<ByteView> bits = der::Only(set.key_usage->value, der::kBitString);
  // One octet of bits, and as few of them as possible.
  if (!bits || bits->size() != 2 || (*bits)[1] == 0 || (*bits)[0] != std::countr_zero((*bits)[1])) {
    return Broken("lint_key_usage", "the key usage is not a minimal list of bits");
  }
  if ((*bits)[1] != profile.key_usage) return Broken("lint_key_usage", "the key usage is not the profile's");
  return Ok();
}

// Purposes 1.3.6.1.5.5.7.3.x by their last arc.
std::optional<std::vector<std::uint8_t>> ReadPurposes(ByteView value) {
  constexpr std::array<std::uint8_t, 7> kPurpose{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03};
  const std::optional<ByteView> list = der::Only(value, der::kSequence);
  if (!list) return std::nullopt;
  std::vector<std::uint8_t> arcs;
  der::Reader reader(*list);
  while (!reader.AtEnd()) {
    const std::optional<ByteView> id = reader.Take(der::kOid);
    if (!id || id->size() != 8 || !equal(id->first(7), kPurpose)) return std::nullopt;
    arcs.push_back(id->back());
  }
  return arcs;
}

Status CheckExtKeyUsage(const ExtensionSet& set, const Profile& profile) {
  std::vector<std::uint8_t> wanted;
  if (profile.server_auth) wanted.push_back(1);
  if (profile.client_auth) wanted.push_back(2);
  if (!set.ext_key_usage) {
    return wanted.empty() ? Ok() : Status(Broken("lint_ext_key_usage", "no extended key usage"));
  }
  if (set.ext_key_usage->critical) return Broken("lint_extension", "the extended key usage is critical");
  if (wanted.empty() || ReadPurposes(set.ext_key_usage->value) != wanted) {
    return Broken("lint_ext_key_usage", "the extended key usage is not the profile's");
  }
  return Ok();
}

struct Constraints {
  bool ca = false;
  std::optional<unsigned> path_length;
};

std::optional<Constraints> ReadConstraints(ByteView value) {
  const std::optional<ByteView> body = der::Only(value, der::kSequence);
  if (!body) return std::nullopt;
  Constraints out;
  if (body->empty()) return out;
  der::Reader reader(*body);
  const std::optional<ByteView> ca = reader.Take(der::kBoolean);
  if (!ca || ca->size() != 1 || ca->front() != 0xff) return std::nullopt;
  out.ca = true;
  if (reader.AtEnd()) return out;
  const std::optional<ByteView> contents = reader.Take(der::kInteger);
  const std::optional<ByteView> length = contents ? der::UnsignedInteger(*contents) : std::nullopt;
  if (!length || length->size() != 1 || !reader.AtEnd()) return std::nullopt;
  out.path_length = length->front();
  return out;
}

Status CheckBasicConstraints(const ExtensionSet& set, const Profile& profile) {
  if (!set.basic_constraints) return Broken("lint_basic_constraints", "no basic constraints");
  if (!set.basic_constraints->critical) return Broken("lint_extension", "the basic constraints are not critical");
  const std::optional<Constraints> constraints = ReadConstraints(set.basic_constraints->value);
  if (!constraints || constraints->ca != profile.ca || constraints->path_length != profile.path_length) {
    return Broken("lint_basic_constraints", "the basic constraints are not the profile's");
  }
  if (profile.kind == ProfileKind::kForeignCa && !constraints->path_length) {
    return Broken("lint_basic_constraints", "a foreign CA without a path length");
  }
  const bool signs = (profile.key_usage & kKeyCertSign) != 0;
  if (signs != profile.ca) return Broken("lint_basic_constraints", "a CA that may not sign, or a leaf that may");
  return Ok();
}

// The contents of a list of GeneralSubtree, each a base alone; nothing for any other.
std::optional<ExcludedNames> ReadExcluded(ByteView value) {
  constexpr std::uint8_t kExcluded = 0xa1;
  constexpr std::uint8_t kDns = 0x82;
  constexpr std::uint8_t kIp = 0x87;
  const std::optional<ByteView> body = der::Only(value, der::kSequence);
  const std::optional<ByteView> list = body ? der::Only(*body, kExcluded) : std::nullopt;
  if (!list || list->empty()) return std::nullopt;
  ExcludedNames out;
  der::Reader subtrees(*list);
  while (!subtrees.AtEnd()) {
    der::Reader subtree(subtrees.Take(der::kSequence).value_or(ByteView()));
    const std::optional<der::Element> base = subtree.Take();
    if (!base || !subtree.AtEnd()) return std::nullopt;
    if (base->tag == kDns) {
      out.dns.emplace_back(AsText(base->content));
    } else if (base->tag == kIp) {
      out.addresses.emplace_back(base->content.begin(), base->content.end());
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Status CheckNameConstraints(const ExtensionSet& set, const Profile& profile) {
  const auto odd = [] { return Broken("lint_name_constraints", "the name constraints are not the profile's"); };
  if (!profile.excluded.empty() && !profile.ca) return Broken("lint_name_constraints", "name constraints on a leaf");
  if (profile.excluded.empty() == set.name_constraints.has_value()) return odd();
  if (!set.name_constraints) return Ok();
  if (!set.name_constraints->critical) return Broken("lint_extension", "the name constraints are not critical");
  return ReadExcluded(set.name_constraints->value) == profile.excluded ? Ok() : Status(odd());
}

// SHA-1 of the key's bits; the key is already known to be the decided one.
std::optional<Bytes> KeyIdOf(ByteView spki) {
  der::Reader reader(der::Only(spki, der::kSequence).value_or(ByteView()));
  const std::optional<ByteView> algorithm = reader.Take(der::kSequence);
  const std::optional<ByteView> bits = reader.Take(der::kBitString);
  if (!algorithm || !bits || bits->empty()) return std::nullopt;
  Bytes id(20);
  if (EVP_Digest(bits->data() + 1, bits->size() - 1, id.data(), nullptr, ossl::Sha1(), nullptr) != 1) {
    return std::nullopt;
  }
  return id;
}

Status CheckSubjectKeyId(const ExtensionSet& set, const Decision& decision) {
  const bool wanted = decision.profile.ca || decision.profile.subject_key_id;
  if (wanted != set.subject_key_id.has_value()) {
    return Broken("lint_subject_key_id", "the subject key identifier is missing or needless");
  }
  if (!wanted) return Ok();
  if (set.subject_key_id->critical) return Broken("lint_extension", "the subject key identifier is critical");
  const std::optional<ByteView> id = der::Only(set.subject_key_id->value, der::kOctetString);
  const std::optional<Bytes> of_key = KeyIdOf(decision.spki);
  if (!id || !of_key || !equal(*id, *of_key)) {
    return Broken("lint_subject_key_id", "the subject key identifier is not the key's");
  }
  return Ok();
}

Status CheckAuthorityKeyId(const ExtensionSet& set, const IssuerView& issuer) {
  if (issuer.key_id.empty() == set.authority_key_id.has_value()) {
    return Broken("lint_authority_key_id", "the authority key identifier is missing or needless");
  }
  if (issuer.key_id.empty()) return Ok();
  if (set.authority_key_id->critical) return Broken("lint_extension", "the authority key identifier is critical");
  const std::optional<ByteView> body = der::Only(set.authority_key_id->value, der::kSequence);
  const std::optional<ByteView> id = body ? der::Only(*body, der::Context(0)) : std::nullopt;
  if (!id || !equal(*id, issuer.key_id)) {
    return Broken("lint_authority_key_id", "the authority key identifier is not the issuer's");
  }
  return Ok();
}

}  // namespace

Status CheckExtensions(const ExtensionSet& set, const Decision& decision, const IssuerView& issuer) {
  RK_RETURN_IF_ERROR(CheckKeyUsage(set, decision.profile));
  RK_RETURN_IF_ERROR(CheckExtKeyUsage(set, decision.profile));
  RK_RETURN_IF_ERROR(CheckBasicConstraints(set, decision.profile));
  RK_RETURN_IF_ERROR(CheckNameConstraints(set, decision.profile));
  RK_RETURN_IF_ERROR(CheckSubjectKeyId(set, decision));
  return CheckAuthorityKeyId(set, issuer);
}

}  // namespace rootkeep::lint
