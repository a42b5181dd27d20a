"""Programs of Go tests and what istio-agent's client code is told; for drivers."""

import os
import subprocess

import authority

OUTPUT_SHOWN = 20000  # characters of what failed tests printed

# Of istio-agent/: what only a CA itself does, and what only a relay does.
DIRECT_ONLY = "^TestRenewalByCertificate$"
RELAY_ONLY = "^TestRelay"


def build(module, program):
    authority.run("go", "vet", "./...", cwd=module)
    authority.run("go", "test", "-c", "-o", program, ".", cwd=module)


def run(words, program, environment, *arguments):
    """Runs tests, none of which may be skipped."""
    done = subprocess.run([program, "-test.v", *arguments], env={**os.environ, **environment}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    results = [line for line in done.stdout.splitlines() if line.lstrip().startswith("--- ")]
    print("\n".join(line for line in results if not line.startswith("  ")), flush=True)
    if done.returncode != 0 or any("SKIP" in line for line in results) or not results:
        raise authority.Failed(f"{words}:\n{done.stdout[-OUTPUT_SHOWN:]}")


def run_agent(program, server, token, identity, output, *arguments):
    """istio-agent's client code against `server`; `arguments` say which of its tests. They leave key.pem,
    cert-chain.pem and root-cert.pem in `output`."""
    environment = {"INTEROP_CA_ADDRESS": f"127.0.0.1:{server.port}", "INTEROP_CA_ROOT": str(server.root),
                   "INTEROP_CA_TOKEN": str(token), "INTEROP_CA_IDENTITY": identity, "INTEROP_OUTPUT": str(output)}
    run(f"istio-agent's client code against {server.name}", program, environment, "-test.timeout=300s", *arguments)
