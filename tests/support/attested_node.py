"""Nodes that rootkeepd attests by a TPM simulator, whose rootkeep-agent stands in for istio's CA, for drivers.

swtpm is software, for tests: what it attests is worth nothing."""

import json
import os
import pathlib
import subprocess

import authority

PATIENCE = 60  # seconds

# Who is on the list and has an EK certificate of these simulators. Each has such PCRs when it has been switched on.
ATTESTATION = """\
attestation:
  groups:
    - name: workers
      pcrs: [0]
      generations: [{{name: bare, pcrs: [{{pcr: 0, values: ["{zero}"]}}]}}]
  manufacturers: [{{name: simulators, roots: {home}/localca/swtpm-localca-rootca-cert.pem, ids: ["id:00001014"]}}]
  intermediates: {home}/localca/issuercert.pem
  nodes: [{nodes}]
  server_names: [localhost, 127.0.0.1, istiod.istio-system.svc]
"""

# Nobody's token counts but on the very node that it names.
REQUIREMENTS = """\
requirements:
  - name: mesh
    identities: [{trust_domain: cluster.local, namespace: "*", service_account: "*"}]
    level: token-on-attested-node
    require_same_node: true
"""

AGENT_CONFIG = """\
version: 1
state_directory: {home}/state
openssl_provider: {provider}
tpms: [{{name: tpm0, tcti: "swtpm:path={home}/tpm"}}]
sockets:
  - name: apps
    path: {home}/keys.sock
    grants: [{{keys: [{{use: app, name: "*"}}]}}]
certificates:
  - name: node
    address: "127.0.0.1:{ca_port}"
    anchors_file: {root}
    chain_file: {home}/chain.pem
    bundle_file: {home}/bundle.pem
    key_file: {home}/key.pem
    attestation: {{node_id: {name}}}
relay: {{addresses: ["127.0.0.1:{port}"], max_handshakes: 50}}  # swtpm is quick
"""


class Manufacturer:
    """Of TPM simulators; its authority of EK certificates is in the existing private directory `home`."""

    def __init__(self, home):
        self._home = pathlib.Path(home)
        place = self._home / "localca"
        place.mkdir()
        (self._home / "localca.conf").write_text(f"statedir={place}\nsigningkey={place}/signkey.pem\n"
                                                 f"issuercert={place}/issuercert.pem\ncertserial={place}/certserial\n")
        (self._home / "localca.options").write_text("--platform-manufacturer Rootkeep\n--platform-version 1\n"
                                                    "--platform-model test\n")
        (self._home / "setup.conf").write_text(f"create_certs_tool=swtpm_localca\n"
                                               f"create_certs_tool_config={self._home}/localca.conf\n"
                                               f"create_certs_tool_options={self._home}/localca.options\n")

    def make(self, state, name):
        """The state of a TPM with an EK certificate, in the existing directory `state`."""
        user = ["--runas", "root"] if os.geteuid() == 0 else []  # as root it would become the user tss
        authority.run("swtpm_setup", "--tpm2", "--tpmstate", state, "--config", self._home / "setup.conf",
                      "--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--pcr-banks", "sha256", "--vmid",
                      name, *user)

    def attestation(self, *nodes):
        """The section of rootkeepd.yaml that takes its TPMs as these nodes'; there is an authority once it made one."""
        return ATTESTATION.format(zero="0" * 64, home=self._home, nodes=", ".join(f"{{id: {node}}}" for node in nodes))


class Node:
    """A node with a TPM of `manufacturer`, which runs from now on; a context manager."""

    def __init__(self, build, home, name, manufacturer):
        self.name, self._build, self._home = name, pathlib.Path(build), pathlib.Path(home) / name
        (self._home / "tpm-state").mkdir(parents=True)
        manufacturer.make(self._home / "tpm-state", name)
        socket = self._home / "tpm"
        # libtss2's TCTI takes the control socket at this name.
        with open(self._home / "swtpm.log", "wb") as log:
            self._tpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._home / 'tpm-state'}",
                                          "--server", f"type=unixio,path={socket}", "--ctrl",
                                          f"type=unixio,path={socket}.ctrl", "--flags", "not-need-init,startup-clear"],
                                         stdout=log, stderr=log)
        authority.eventually(lambda: socket.exists() and pathlib.Path(f"{socket}.ctrl").exists(), PATIENCE,
                             "swtpm's sockets")

    def start_relay(self, server, port):
        """The node's agent once it has proved itself to rootkeepd and serves on `port`: an Authority."""
        config = self._home / "agent.yaml"
        config.touch(0o600)
        config.write_text(AGENT_CONFIG.format(home=self._home, name=self.name, ca_port=server.port, root=server.root,
                                              provider=self._build / "providers" / "openssl" / "rootkeep.so",
                                              port=port))
        relay = authority.Authority(f"the relay of {self.name}",
                                    [self._build / "tools" / "rootkeep-agent" / "rootkeep-agent", "--config", config],
                                    r'"listening","listener":"relay","address":"127.0.0.1:(\d+)"', server.root,
                                    self._home / "agent.log")
        try:
            authority.eventually(lambda: '"relay_ca_reached"' in relay.said(), PATIENCE,
                                 lambda: f"{relay.name} reaches rootkeepd: {relay.said()[-2000:]}")
        except authority.Failed:
            relay.stop()
            raise
        return relay

    def events(self, name):
        """What the agent has logged under this name, as objects; those of the agent that runs or ran last."""
        lines = (self._home / "agent.log").read_text(errors="replace").splitlines()
        return [line for line in map(json.loads, filter(lambda line: line.startswith("{"), lines))
                if line.get("event") == name]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._tpm.terminate()
        self._tpm.wait(PATIENCE)
