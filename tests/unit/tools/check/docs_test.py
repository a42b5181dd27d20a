#!/usr/bin/env python3
"""The documents check finds each kind of untrue statement, and nothing in a tree where all are true."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[4] / "tools" / "check" / "docs"

README = "# A thing\n\n```sh\ntools/dev demo    # see it\ntools/dev test\n```\n"
TRUE = {
    "README.md": README + "[names](keystore/README.md#two-words) [site](https://example.org/x) `tools/dev check`\n",
    "keystore/README.md": "# Keystore\n\n## Two words\n\n[up](../README.md) [below](#two-words)\n",
}


def complaints_about(changes):
    with tempfile.TemporaryDirectory() as tree:
        for path, text in {**TRUE, **changes}.items():
            file = pathlib.Path(tree) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, str(CHECKER), "--tree", tree], stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stderr


class DocsTest(unittest.TestCase):
    def test_true_documents_pass(self):
        self.assertEqual(complaints_about({}), (0, ""))

    def test_untrue_statements_fail(self):
        cases = [
            ({"signer/caller.h": ""}, "signer/ has no README.md"),
            ({"keystore/README.md": "[x](missing.md)"}, "links to missing.md"),
            ({"keystore/README.md": "[x](../README.md#nowhere)"}, "no heading has that anchor"),
            ({"keystore/README.md": "`tools/dev fly`\n## Two words"}, "tools/dev fly"),
            ({"keystore/README.md": "```\ntools/dev swim\n```\n## Two words"}, "tools/dev swim"),
            ({"README.md": README.replace("tools/dev demo", "tools/dev build")}, "first commands"),
        ]
        for changes, word in cases:
            with self.subTest(word=word):
                code, complaint = complaints_about(changes)
                self.assertEqual(code, 1)
                self.assertIn(word, complaint)


if __name__ == "__main__":
    unittest.main()
