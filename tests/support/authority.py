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
import time

INTEROP = pathlib.Path(__file__).resolve().parent.parent / "interop"
START_LIMIT = 60  # seconds
STOP_LIMIT = 20
POLL = 0.1


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


def eventually(condition, limit, words):
    """Asks for at most `limit` seconds until `condition` gives something true, and returns that; `words`, or what they
    give when called, say what was waited for."""
    end = time.monotonic() + limit
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"not within {limit} s: {words() if callable(words) else words}")
        time.sleep(POLL)


class Authority:
    """A running authority: `port` on 127.0.0.1, `root` (PEM file its chains verify with), `pid`."""

    def __init__(self, name, command, ready, root, log):
        """Starts `command` and waits for a line it prints that matches `ready`, whose group is the port; all that it
        prints is kept in `log`."""
        self.name, self.root, self.log = name, root, log
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.pid = self._process.pid
        timer = threading.Timer(START_LIMIT, self._process.kill)
        timer.start()
        self._log = open(log, "w", encoding="utf-8", buffering=1)
        self.port = self._wait_for(re.compile(ready))
        timer.cancel()
        # A full pipe would stop the server.
        threading.Thread(target=self._log.writelines, args=(self._process.stdout,), daemon=True).start()

    def _wait_for(self, ready):
        for line in self._process.stdout:
            self._log.write(line)
            self._log.flush()
            found = ready.search(line)
            if found:
                return int(found.group(1))
        self.stop()
        raise Failed(f"{self.name} did not come up: {self.said()[-2000:]}")

    def said(self):
        """All that it has printed so far."""
        return pathlib.Path(self.log).read_text(errors="replace")

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


def build_spire(programs):
    """Builds spire-server, spire-agent, our load generator for them (bench) and what it measures beside ours (external),
    and gives their directory."""
    directory = pathlib.Path(programs).resolve() / "spire"
    directory.mkdir(exist_ok=True)
    commands = [f"github.com/spiffe/spire/cmd/{name}" for name in ("spire-server", "spire-agent")]
    run("go", "build", "-o", f"{directory}/", *commands, "./bench", "./bench/external", cwd=INTEROP / "spire")
    return directory


def start_istiod(program, directory, key, jwks):
    """istio's own CA with its key in memory; `key` is p256 or rsa2048."""
    certs = pathlib.Path(directory) / "certs"
    command = [program, "-certs", certs, "-make-ca", key, "-jwks", jwks]
    return Authority("istiod", command, r"^port=(\d+)$", certs / "root-cert.pem", pathlib.Path(directory) / "log")


ROOTKEEPD_CONFIG = """\
version: 1
state_directory: {home}/state
listeners: [{{name: istio, address: "127.0.0.1:{port}"}}]
operations: [{{address: "127.0.0.1:0"}}]
health: [{{address: "127.0.0.1:0"}}]
modules:
  - name: softhsm
    path: {module}
    environment: [{{name: SOFTHSM2_CONF, value: {home}/softhsm2.conf}}]
tokens: [{{name: ca, module: softhsm, label: test, pin_source: "file:{home}/pin"}}]
trust_domains: [{{name: cluster.local}}]
authorities: [{{name: mesh, trust_domain: cluster.local, token: ca, lifetimes: {{{lifetimes}}}}}]
token_issuers:
  - name: test
    issuer: https://kubernetes.default.svc
    audiences: [istio-ca]
    trust_domain: cluster.local
    namespaces: ["*"]
    jwks: {{file: {jwks}}}
"""

KEY_TYPES = {"p256": "ec-p256", "rsa2048": "rsa-2048"}


def softhsm_module():
    for place in ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm"):
        module = pathlib.Path(place) / "libsofthsm2.so"
        if module.exists():
            return module
    raise Failed("SoftHSM2 is not installed (softhsm2)")


def prepare_rootkeepd(build, home, key, jwks, port=0, lifetimes="", more=""):
    """A SoftHSM token in `home` with root and issuing key generated in it, and rootkeepd.yaml; `lifetimes` are the
    authority's, `more` is further YAML."""
    home = pathlib.Path(home)
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(f"directories.tokendir = {home}/tokens\nobjectstore.backend = file\n")
    pin = home / "pin"
    pin.touch(0o600)
    pin.write_text("73810462")
    environment = {**os.environ, "SOFTHSM2_CONF": str(home / "softhsm2.conf")}
    run("softhsm2-util", "--init-token", "--free", "--label", "test", "--pin", "73810462", "--so-pin", "73810462",
        env=environment)
    config = home / "rootkeepd.yaml"
    config.touch(0o600)
    config.write_text(ROOTKEEPD_CONFIG.format(home=home, module=softhsm_module(), jwks=pathlib.Path(jwks).resolve(),
                                              port=port, lifetimes=lifetimes) + more)
    run(pathlib.Path(build) / "tools" / "rootkeep" / "rootkeep", "ca", "init", "--config", config, "--token", "ca",
        "--name", "mesh", "--trust-domain", "cluster.local", "--type", KEY_TYPES[key])


def run_rootkeepd(build, home, log="log"):
    """rootkeepd on what prepare_rootkeepd left in `home`."""
    home = pathlib.Path(home)
    root = home / "state" / "authorities" / "mesh" / "1" / "bundle.pem"
    return Authority("rootkeepd",
                     [pathlib.Path(build) / "tools" / "rootkeepd" / "rootkeepd", "--config", home / "rootkeepd.yaml"],
                     r'"listening","listener":"istio","address":"127.0.0.1:(\d+)"', root, home / log)


def start_rootkeepd(build, home, key, jwks):
    """rootkeepd with root and issuing key generated in a SoftHSM token of its own."""
    prepare_rootkeepd(build, home, key, jwks)
    return run_rootkeepd(build, home)
