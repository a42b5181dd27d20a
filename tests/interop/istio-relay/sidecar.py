"""istio-agent whole, as it runs in a pod: pilot-agent, which starts what stands in Envoy's place."""

import json
import os
import pathlib
import shutil
import subprocess

import authority
import issued

LIFETIME = 3600  # seconds, of a certificate
STOP_LIMIT = 20
PATIENCE = 60  # seconds


class Sidecar:
    """A running pilot-agent, in the directory `home`/pod as in a container's root; a context manager. Where its CA is
    called is all that it is told of it."""

    def __init__(self, programs, home, ca, namespace, account, token, renewal):
        """`ca` is called with the token of the file `token`, again after `renewal` seconds."""
        self._pod = pathlib.Path(home) / "pod"
        secrets = self._pod / "var" / "run" / "secrets"
        for directory in (secrets / "tokens", secrets / "istio", self._pod / "etc" / "istio" / "proxy"):
            directory.mkdir(parents=True)
        shutil.copy(ca.root, secrets / "istio" / "root-cert.pem")
        self._token, self._pushes = secrets / "tokens" / "istio-token", self._pod / "pushes"
        self.show(token)
        self._log = pathlib.Path(home) / "pilot-agent.log"
        self._command = [programs / "pilot-agent", "proxy", "sidecar", "--domain", f"{namespace}.svc.cluster.local"]
        # Nobody listens for xDS: what Envoy is to do is not asked for here.
        (self._pod / "bootstrap.json").write_text("{}")
        proxy = {"discoveryAddress": "127.0.0.1:1", "controlPlaneAuthPolicy": "NONE",
                 "binaryPath": str(programs / "sds-client"), "customConfigFile": str(self._pod / "bootstrap.json"),
                 "terminationDrainDuration": "0.1s"}
        self._environment = {"PATH": os.environ["PATH"], "CA_ADDR": f"127.0.0.1:{ca.port}", "SECRET_TTL": f"{LIFETIME}s",
                             # How much of a certificate's life is left when it is replaced.
                             "SECRET_GRACE_PERIOD_RATIO": str(1 - renewal / LIFETIME),
                             "SECRET_GRACE_PERIOD_RATIO_JITTER": "0",
                             "PROXY_CONFIG": json.dumps(proxy), "POD_NAME": f"{account}-0", "POD_NAMESPACE": namespace,
                             "SERVICE_ACCOUNT": account, "INSTANCE_IP": "127.0.0.1", "CLOUD_PLATFORM": "none",
                             "GRPC_XDS_BOOTSTRAP": "", "SDS_LOG": str(self._pushes)}
        self._process = None

    def show(self, token):
        """The kubelet's part: from now on the token in the pod is that of the file `token`."""
        new = self._token.with_suffix(".new")
        shutil.copy(token, new)
        new.rename(self._token)

    def said(self):
        return self._log.read_text(errors="replace")

    def entries(self):
        """What came over SDS, in order."""
        if self._process.poll() is not None:
            raise authority.Failed(f"pilot-agent ended ({self._process.returncode}): {self.said()[-3000:]}")
        lines = self._pushes.read_text().split("\n")[:-1] if self._pushes.exists() else []
        return [json.loads(line) for line in lines]

    def newest(self, what):
        """Of `chain` or `roots`, PEM; empty while there was none."""
        return next((entry[what] for entry in reversed(self.entries()) if what in entry), "")

    def next_certificate(self):
        """The next chain, PEM, that comes."""
        came = len(self.entries())
        self._wait_for(lambda: any("chain" in entry for entry in self.entries()[came:]) and self.newest("roots"),
                       "a certificate over SDS")
        return self.newest("chain")

    def refused(self, words):
        """Waits until a request has failed with these words, of which Envoy was told; it must not have been given
        anything since."""
        said, came = len(self.said()), len(self.entries())
        self._wait_for(lambda: words in self.said()[said:] and self._ended(came), f"failure with {words!r}")
        since = self._ended(came)
        issued.require(not any("chain" in entry for entry in since), f"Envoy was given a certificate: {since}")

    def _ended(self, start):
        """The entries from that one on with which a stream ended."""
        entries = self.entries()[start:]
        return next((entries[i:] for i, entry in enumerate(entries) if "ended" in entry), [])

    def _wait_for(self, wanted, words):
        authority.eventually(wanted, PATIENCE, lambda: f"{words}; over SDS came {self.entries()[-4:]}; pilot-agent said: "
                             f"{self.said()[-3000:]}")

    def __enter__(self):
        with open(self._log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen([str(part) for part in self._command], cwd=self._pod,
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment)
        return self

    def __exit__(self, kind, error, trace):
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
