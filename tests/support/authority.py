"""Certificate authorities as child processes, for the drivers of benchmarks and interop tests.

An Authority is a context manager: it is stopped, by its own process id, when the block ends.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

START_LIMIT = 60  # seconds
STOP_LIMIT = 20


class Failed(Exception):
    """Says on one line what did not work."""


def private_directory():
    """A directory of mode 0700 that goes when the with block ends."""
    return tempfile.TemporaryDirectory(prefix="rootkeep-")


def run(*command, **options):
    """Runs to the end and returns what was printed; a failure carries the program's own words."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{pathlib.Path(command[0]).name} failed ({done.returncode}): {done.stderr.strip()[-2000:]}")
    return done.stdout


class Authority:
    """A running authority: `port` on 127.0.0.1, `root` (PEM file its chains verify with), `pid`."""

    def __init__(self, name, command, ready, root, log, environment=None):
        """Starts `command` and waits for a line on its standard output that matches `ready`, whose group is the port."""
        self.name, self.root, self.log = name, root, log
        with open(log, "wb") as errors:
            self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                             stdout=subprocess.PIPE, stderr=errors, text=True,
                                             env={**os.environ, **(environment or {})})
        self.pid = self._process.pid
        timer = threading.Timer(START_LIMIT, self._process.kill)
        timer.start()
        self.port = self._wait_for(re.compile(ready))
        timer.cancel()
        # Nobody reads on, and a full pipe would stop the server.
        threading.Thread(target=shutil.copyfileobj, args=(self._process.stdout, open(os.devnull, "w")),
                         daemon=True).start()

    def _wait_for(self, ready):
        for line in self._process.stdout:
            found = ready.search(line)
            if found:
                return int(found.group(1))
        self.stop()
        raise Failed(f"{self.name} did not come up: {pathlib.Path(self.log).read_text(errors='replace')[-2000:]}")

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise Failed(f"{self.name} did not stop on SIGTERM") from None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()


def build_go(module, binary):
    """Builds the main package of a Go module; Go keeps its caches where the user has them, outside this repository."""
    if not shutil.which("go"):
        raise Failed("Go is not installed, and istio's own programs are built from Go modules")
    run("go", "build", "-o", binary, ".", cwd=module)


def start_istiod(program, directory, key, jwks):
    """istio's own CA with its key in memory; `key` is p256 or rsa2048."""
    certs = pathlib.Path(directory) / "certs"
    command = [program, "-certs", certs, "-make-ca", key, "-jwks", jwks]
    return Authority("istiod", command, r"^port=(\d+)$", certs / "root-cert.pem", pathlib.Path(directory) / "log")
