"""A ztunnel process without Kubernetes: no xDS, no pods, and what it has is read from its config dump."""

import http.client
import json
import os
import pathlib
import subprocess

import authority

ADMIN_PORT = 15000
INBOUND_PORT = 15008
STOP_LIMIT = 20


class Workload:
    """A pod in ztunnel's view."""

    _addresses = 0

    def __init__(self, namespace, account, pod, node):
        Workload._addresses += 1
        self.identity = f"spiffe://cluster.local/ns/{namespace}/sa/{account}"
        self.entry = {"uid": f"Kubernetes//Pod/{namespace}/{pod}", "name": pod, "namespace": namespace,
                      "serviceAccount": account, "trustDomain": "cluster.local", "node": node, "protocol": "HBONE",
                      "workloadIps": [f"127.1.0.{Workload._addresses}"], "network": "", "services": {}}


def settings(home, server, token, workloads, **more):
    """The environment that ztunnel needs to run on workloads from a file, with `more` to say in which mode."""
    known = pathlib.Path(home) / "workloads.yaml"
    known.write_text(json.dumps({"workloads": [workload.entry for workload in workloads]}))  # YAML reads JSON
    return {"RUST_LOG": "info", "XDS_ADDRESS": "", "LOCAL_XDS_PATH": str(known),
            "CA_ADDRESS": f"https://127.0.0.1:{server.port}", "CA_ROOT_CA": str(server.root), "AUTH_TOKEN": str(token),
            "CLUSTER_ID": "Kubernetes", "INPOD_UDS": f"{home}/cni.sock", "IPV6_ENABLED": "false",
            "ISTIO_META_DNS_CAPTURE": "false", **more}


class Ztunnel:
    """A context manager; all that the process prints is kept in `home`/ztunnel.log."""

    def __init__(self, command, home, environment):
        """`command` is ztunnel or becomes it."""
        self.log = pathlib.Path(home) / "ztunnel.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen([str(part) for part in command], cwd=home, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, env={"PATH": os.environ["PATH"], **environment})
        try:
            authority.eventually(self._answers, 60, "ztunnel's admin port answers")
        except BaseException:
            self.stop()
            raise

    def said(self):
        return self.log.read_text(errors="replace")

    def _dump(self):
        code = self._process.poll()
        if code is not None:
            raise authority.Failed(f"ztunnel ended ({code}): {self.said()[-3000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", ADMIN_PORT, timeout=10)
        try:
            connection.request("GET", "/config_dump")
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def _answers(self):
        try:
            return self._dump()
        except OSError:
            return None

    def entry(self, identity):
        """What the config dump says of the identity's certificate; None while it has nothing."""
        return next((entry for entry in self._dump()["certificates"] if entry["identity"] == identity), None)

    def wait_for(self, identity, wanted, limit=60):
        """The identity's entry once `wanted` holds of it."""
        return authority.eventually(lambda: (entry := self.entry(identity)) and wanted(entry) and entry, limit,
                                    lambda: f"{identity} is {self.entry(identity)}; ztunnel said: {self.said()[-3000:]}")

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()


def available(entry):
    return entry["state"] == "Available"


def serial_of(entry):
    """Of the leaf, as a number: ztunnel prints it in decimal."""
    return int(entry["certChain"][0]["serialNumber"])
