#!/usr/bin/env python3
"""What is installed fits together: each unit starts an installed program with an installed configuration.

usage: install_test.py CMAKE BUILD-DIRECTORY
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD = sys.argv[1:3]
DAEMONS = ["rootkeepd", "rootkeep-agent"]
SPIRE_PLUGINS = ["rootkeep-spire-upstreamauthority", "rootkeep-spire-keymanager"]
PROVIDERS = pathlib.Path(__file__).parents[4] / "providers" / "README.md"


class InstallTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.stage = pathlib.Path(scratch.name)
        self.install()

    def install(self, *options):
        subprocess.run([CMAKE, "--install", BUILD, *options], env={**os.environ, "DESTDIR": str(self.stage)}, check=True,
                       stdout=subprocess.DEVNULL)

    def staged(self, path):
        """Where a path of the running system is in the stage."""
        return self.stage / path.lstrip("/")

    def one(self, name):
        found = list(self.stage.rglob(name))
        self.assertEqual(len(found), 1, name)
        return found[0]

    def files(self):
        return {path for path in self.stage.rglob("*") if path.is_file()}

    def start_command(self, name):
        unit = self.one(name + ".service").read_text(encoding="utf-8")
        self.assertNotRegex(unit, r"@[A-Z_]+@")
        return re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE).group(1).split()

    def test_the_units_start_what_is_installed(self):
        for name in DAEMONS:
            program, *arguments = self.start_command(name)
            self.assertTrue(os.access(self.staged(program), os.X_OK), program)
            self.assertTrue(os.access(self.staged(program).parent / "rootkeep", os.X_OK))
            self.assertTrue(self.staged(arguments[-1]).is_file(), arguments)

    def test_spires_plugins_are_beside_the_programs_and_as_their_document_says(self):
        document = PROVIDERS.read_text(encoding="utf-8")
        for name in SPIRE_PLUGINS:
            program = self.one(name)
            self.assertEqual(program.parent, self.one("rootkeepd").parent)
            self.assertIn(f'plugin_cmd = "/usr/bin/{name}"', document)
            paths = subprocess.run(["readelf", "--dynamic", program], check=True, stdout=subprocess.PIPE, text=True).stdout
            self.assertNotRegex(paths, "R(UN)?PATH", "it would look for libraries in a build directory")
            self.assertNotRegex(paths, "NEEDED.*(p11|softhsm|tss2)", "keys are rootkeep-agent's affair")
            alone = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            self.assertEqual((alone.returncode, alone.stdout), (1, ""))
            self.assertIn("SPIRE", alone.stderr)

    def test_the_checksum_is_what_the_document_has_an_operator_run(self):
        document = PROVIDERS.read_text(encoding="utf-8")
        command = re.search(r"^sha256sum (/usr/bin/\S+) (/usr/bin/\S+)$", document, re.MULTILINE)
        self.assertIsNotNone(command)
        self.assertEqual([pathlib.Path(path).name for path in command.groups()], SPIRE_PLUGINS)
        for name in SPIRE_PLUGINS:
            printed = subprocess.run(["sha256sum", self.one(name)], check=True, stdout=subprocess.PIPE, text=True).stdout
            self.assertRegex(printed, "^[0-9a-f]{64} ", "what SPIRE takes for a checksum")

    def test_an_existing_configuration_is_kept(self):
        configs = [self.staged(self.start_command(name)[-1]) for name in DAEMONS]
        for config in configs:
            config.write_text("version: 1 # the operator's own\n", encoding="utf-8")
        self.install()
        for config in configs:
            self.assertIn("operator's own", config.read_text(encoding="utf-8"))

    def test_the_chaos_module_comes_only_when_asked_for(self):
        before = self.files()
        self.assertNotIn("rootkeep-chaos.so", {path.name for path in before})
        self.install("--component", "chaos")
        added = self.files() - before
        self.assertEqual({path.name for path in added}, {"rootkeep-chaos.so", "chaos.md"})
        module = self.one("rootkeep-chaos.so")
        self.assertTrue(os.access(module, os.R_OK))
        symbols = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=just-symbols", module], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.split()
        self.assertIn("C_GetFunctionList", symbols)
        paths = subprocess.run(["readelf", "--dynamic", module], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.assertNotRegex(paths, "R(UN)?PATH", "it would look for libraries in a build directory")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
