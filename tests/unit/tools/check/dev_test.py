#!/usr/bin/env python3
"""tools/dev explains itself, refuses what it does not know, works from anywhere, and its package lists are well formed."""

import pathlib
import re
import subprocess
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[4] / "tools"


def dev(*arguments):
    return subprocess.run([TOOLS / "dev", *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


class DevTest(unittest.TestCase):
    def test_every_command_has_help_with_an_example(self):
        commands = re.findall(r"^  ([a-z]+) ", dev("--help").stdout, re.MULTILINE)
        self.assertEqual(commands, ["demo", "test", "build", "check", "asan", "tsan", "fuzz", "bench", "interop"])
        for command in commands:
            with self.subTest(command=command):
                shown = dev(command, "--help")
                self.assertEqual(shown.returncode, 0)
                self.assertIn(f"usage: tools/dev {command}", shown.stdout)
                self.assertRegex(shown.stdout, rf"(?m)^example: tools/dev {command}")

    def test_unknown_command_is_refused(self):
        refused = dev("fly")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("no command called 'fly'", refused.stderr)

    def test_no_command_shows_usage(self):
        shown = dev()
        self.assertEqual(shown.returncode, 2)
        self.assertIn("tools/dev COMMAND --help", shown.stderr)

    def test_package_lists_hold_one_name_a_line_once(self):
        names = []
        for file in sorted((TOOLS / "packaging").glob("apt-*.txt")):
            for line in file.read_text(encoding="utf-8").splitlines():
                name = line.split("#")[0].rstrip()
                if name:
                    self.assertRegex(name, r"^[a-z0-9][a-z0-9+.-]+$", file.name)
                    names.append(name)
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("g++", names)


if __name__ == "__main__":
    unittest.main()
