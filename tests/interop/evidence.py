"""What tpm2-tools and go-attestation have a TPM simulator say, recorded anew and put before the verifier, and what the
latter answers to a challenge of this run."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

import authority

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 10  # seconds


@contextlib.contextmanager
def simulator(home):
    """The socket of a TPM simulator that has just been switched on."""
    socket = home / "tpm"
    with subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={home}", "--server",
                           f"type=unixio,path={socket}", "--flags", "not-need-init,startup-clear"]) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise authority.Failed("swtpm does not start")
                time.sleep(0.01)
            yield socket
        finally:
            process.terminate()


def judge(program, tests, filters, environment):
    """All of the program's tests that the filter takes must pass, and be so many."""
    done = subprocess.run([program, f"--gtest_filter={filters}"], env={**os.environ, **environment},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0 or f"[  PASSED  ] {tests} tests" not in done.stdout:
        raise authority.Failed(f"evidence of other programs:\n{done.stdout[-6000:]}")


def run(build, programs):
    go_attestation = programs / "go-attestation"
    authority.build_go(HERE / "go-attestation", go_attestation)
    authority.run("cmake", "--build", build, "--target", "attestation_verifier_test", "evidence_interop_test")
    with tempfile.TemporaryDirectory() as directory:
        home = pathlib.Path(directory)
        for name in ("tpm2-tools", "go-attestation", "state"):
            (home / name).mkdir()
        authority.run(HERE / "record-tpm2-tools", home / "tpm2-tools")
        with simulator(home / "state") as socket:
            authority.run(go_attestation, "record", socket, home / "go-attestation")
        judge(build / "tests" / "unit" / "attestation" / "verifier" / "attestation_verifier_test", 6, "Recorded/*",
              {"ROOTKEEP_EVIDENCE": directory})
    judge(build / "tests" / "interop" / "evidence_interop_test", 4, "Live/*",
          {"ROOTKEEP_GO_ATTESTATION": str(go_attestation)})
