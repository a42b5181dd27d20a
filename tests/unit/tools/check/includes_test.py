#!/usr/bin/env python3
"""Feeds the include checker trees with one include each: every forbidden one must be found, every allowed one pass."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[4] / "tools" / "check" / "includes"

# (file, its include line, a word of the complaint)
FORBIDDEN = [
    # arrows against the grain
    ("keystore/base/a.h", '"keystore/key_uri.h"', "no arrow"),
    ("keystore/a.h", '"keystore/pkcs11/module.h"', "no arrow"),
    ("keystore/a.h", '"keystore/catalog/catalog.h"', "no arrow"),
    ("keystore/a.h", '"signer/caller.h"', "no arrow"),
    ("keystore/catalog/a.h", '"signer/store/store.h"', "no arrow"),
    ("keystore/pkcs11/a.h", '"keystore/tpm2/context.h"', "no arrow"),
    ("keystore/tpm2/a.h", '"keystore/pkcs11/module.h"', "no arrow"),
    ("keystore/keysocket/wire/a.h", '"keystore/base/result.h"', "no arrow"),
    ("keystore/keysocket/values/a.h", '"keystore/keysocket/server/server.h"', "no arrow"),
    ("keystore/keysocket/server/a.h", '"keystore/pkcs11/module.h"', "no arrow"),
    ("keystore/keysocket/backend/a.h", '"keystore/keysocket/server/server.h"', "no arrow"),
    ("attestation/wire/a.h", '"attestation/verifier/verifier.h"', "no arrow"),
    ("attestation/verifier/a.h", '"keystore/key_uri.h"', "no arrow"),
    ("attestation/attester/a.h", '"signer/caller.h"', "no arrow"),
    ("signer/a.h", '"keystore/pkcs11/module.h"', "no arrow"),
    ("signer/policy/a.h", '"signer/rpc/service.h"', "no arrow"),
    ("signer/a.h", '"attestation/attester/attester.h"', "no arrow"),
    ("signer/a.h", '"tools/rootkeepd/main.h"', "no arrow"),
    ("signer/client/a.h", '"signer/caller.h"', "no arrow"),
    ("signer/rpc/a.h", '"keystore/pkcs11/module.h"', "no arrow"),
    ("keystore/isolated/wire/a.h", '"keystore/isolated/backend/supervisor.h"', "no arrow"),
    ("keystore/isolated/backend/a.h", '"keystore/isolated/host/server.h"', "no arrow"),
    ("keystore/isolated/host/a.h", '"keystore/pkcs11/store.h"', "no arrow"),
    ("proto/a.h", '"keystore/base/result.h"', "no arrow"),
    ("providers/openssl/a.cc", '"keystore/base/result.h"', "no arrow"),
    ("providers/spire/a.cc", '"signer/caller.h"', "no arrow"),
    ("providers/spire/unary/a.cc", '"signer/client/channel.h"', "no arrow"),
    ("providers/spire/plugin/a.cc", "<nghttp2/nghttp2.h>", "HTTP/2"),
    ("tools/rootkeep/a.cc", '"providers/openssl/provider.h"', "no arrow"),
    ("signer/a.h", '<keystore/pkcs11/module.h>', "no arrow"),
    # libraries with an owner
    ("signer/a.cc", "<p11-kit/pkcs11.h>", "PKCS#11 header"),
    ("keystore/key_uri.cc", "<p11-kit/uri.h>", "PKCS#11 header"),
    ("tools/rootkeep/a.cc", '"pkcs11.h"', "PKCS#11 header"),
    ("signer/a.cc", "<tss2/tss2_esys.h>", "tss2"),
    ("attestation/verifier/a.cc", "<tss2/tss2_tpm2_types.h>", "tss2"),
    ("signer/authn/a.cc", "<grpcpp/grpcpp.h>", "gRPC"),
    ("signer/ops/a.cc", '"proto/istio/ca.grpc.pb.h"', "gRPC"),
    ("signer/policy/a.cc", '"proto/istio/ca.pb.h"', "protobuf"),
    ("signer/policy/a.cc", "<google/protobuf/message.h>", "protobuf"),
    ("signer/ledger/a.cc", "<sqlite3.h>", "SQL"),
    ("tools/rootkeep/a.cc", "<soci/soci.h>", "SQL"),
    ("signer/a.cc", "<yaml-cpp/yaml.h>", "configuration"),
    ("signer/rpc/a.cc", '"tools/config/config.h"', "configuration"),
    ("signer/a.cc", "<spdlog/spdlog.h>", "logging"),
    ("signer/a.cc", "<CLI/CLI.hpp>", "command line"),
    # what would slip past the rules
    ("signer/a.cc", '"tests/support/software_key.h"', "tests/"),
    ("signer/a.cc", '"../keystore/pkcs11/module.h"', "root of the repository"),
    ("signer/a.cc", '"keystore_free_header.h"', "root of the repository"),
    ("signer/a.cc", "HEADER_FROM_A_MACRO", "names its header"),
    ("attestation/a.h", "<string>", "no entry in ARROWS"),
    ("signer/a.h", '"providers/other.h"', "no entry in ARROWS"),
]

ALLOWED = [
    ("keystore/key_uri.h", '"keystore/base/result.h"'),
    ("keystore/pkcs11/a.cc", "<p11-kit/uri.h>"),
    ("keystore/catalog/a.cc", "<sqlite3.h>"),
    ("attestation/attester/a.cc", '"keystore/base/result.h"'),
    ("signer/a.h", '"keystore/key_store.h"'),
    ("signer/a.h", '"attestation/wire/reader.h"'),
    ("signer/store/a.cc", "<soci/soci.h>"),
    ("signer/rpc/a.cc", '"proto/istio/ca.grpc.pb.h"'),
    ("signer/client/a.cc", "<grpcpp/grpcpp.h>"),
    ("tools/rootkeepd/a.cc", '"keystore/pkcs11/module.h"'),
    ("tools/config/a.cc", "<yaml-cpp/yaml.h>"),
    ("tools/chaos/a.cc", "<p11-kit/pkcs11.h>"),
    ("providers/openssl/a.cc", '"keystore/keysocket/wire/client.h"'),
    ("providers/spire/a.cc", '"signer/client/channel.h"'),
    ("providers/spire/unary/a.cc", "<nghttp2/nghttp2.h>"),
    ("tests/unit/a.cc", "<p11-kit/pkcs11.h>"),
    ("signer/a.cc", "<vector>"),
]


def load_checker():
    loader = importlib.machinery.SourceFileLoader("includes", str(CHECKER))
    loader.cache_bytecode = False
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("includes", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def run_on(path, include):
    """Exit code and complaint for a tree of one file with one include."""
    with tempfile.TemporaryDirectory() as tree:
        source = pathlib.Path(tree) / path
        source.parent.mkdir(parents=True)
        source.write_text(f"// A file.\n#include {include}\n", encoding="utf-8")
        done = subprocess.run([sys.executable, str(CHECKER), "--tree", tree], stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stderr


class IncludesTest(unittest.TestCase):
    def test_every_forbidden_include_fails(self):
        for path, include, word in FORBIDDEN:
            with self.subTest(path=path, include=include):
                code, complaint = run_on(path, include)
                self.assertEqual(code, 1)
                self.assertIn(f"{path}:2: ", complaint)
                self.assertIn(word, complaint)

    def test_allowed_includes_pass(self):
        for path, include in ALLOWED:
            with self.subTest(path=path, include=include):
                code, complaint = run_on(path, include)
                self.assertEqual((code, complaint), (0, ""))

    def test_every_rule_has_a_forbidden_case(self):
        checker = load_checker()
        sources = {checker.part_of(path) for path, _, _ in FORBIDDEN}
        self.assertEqual(set(checker.ARROWS) - sources, set())
        for name, _, _ in checker.LIBRARIES:
            self.assertTrue(any(word in name for _, _, word in FORBIDDEN), name)


if __name__ == "__main__":
    unittest.main()
