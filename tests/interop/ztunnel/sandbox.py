"""ztunnel with the lines that `rootkeep dev` prints for it, pasted into a shell."""

import pathlib
import shlex
import subprocess
import threading

import authority
import checks
import issued
import proxy

LIMIT = 60  # seconds
WEB = "spiffe://cluster.local/ns/demo/sa/web"
ZTUNNEL = "spiffe://cluster.local/ns/istio-system/sa/ztunnel"


class Dev:
    """A running `rootkeep dev` with its files in `directory`; a context manager."""

    def __init__(self, build, directory):
        tools = pathlib.Path(build) / "tools"
        command = [tools / "rootkeep" / "rootkeep", "dev", "--state", directory, "--daemon",
                   tools / "rootkeepd" / "rootkeepd"]
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        timer = threading.Timer(LIMIT, self._process.kill)
        timer.start()
        self.printed = []
        for line in self._process.stdout:
            self.printed.append(line)
            if "Ctrl-C" in line:
                break
        timer.cancel()
        if not any("Ctrl-C" in line for line in self.printed):
            self.stop()
            raise authority.Failed(f"rootkeep dev did not come up: {''.join(self.printed)}")

    def lines_for_ztunnel(self):
        start = next(i for i, line in enumerate(self.printed) if line.startswith("# ztunnel, as the proxy"))
        return self.printed[start:self.printed.index("\n", start)]

    def stop(self):
        self._process.terminate()
        self._process.wait(LIMIT)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()


def run(build, program, home):
    directory = home / "dev"
    directory.mkdir(mode=0o700)
    with Dev(build, directory) as dev:
        lines = dev.lines_for_ztunnel()
        root = directory / "var" / "run" / "secrets" / "istio" / "root-cert.pem"

        def check(script, caller, before):
            with proxy.Ztunnel(["sh", "-euc", f"{script}\nexec {shlex.quote(str(program))}"], directory, {}) as ztunnel:
                before()
                entry = ztunnel.wait_for(WEB, proxy.available)
                checks.certificate_is(build, directory, entry, WEB, caller, root)

        # As one workload's proxy it asks when a peer comes; any will do.
        check("".join(lines), WEB, lambda: checks.peers_with(root, *issued.other_ca(directory, checks.CLIENT)))
        shared = next(line for line in lines if line.startswith("# export ")).removeprefix("# ")
        check("".join(lines) + "unset PROXY_MODE PROXY_WORKLOAD_INFO\n" + shared, ZTUNNEL, lambda: None)
