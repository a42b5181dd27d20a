"""spire-server with Rootkeep's key manager, beside SPIRE's own: what tests/interop/spire/bench measures, as figures."""

import json
import os
import pathlib

import authority

MINT = tuple(f"spire.mint.c{callers}" for callers in (1, 16, 64))
BATCH = tuple(f"spire.batch50.c{callers}" for callers in (1, 16))
NAMES = (*MINT, *BATCH, "spire.sign.c1", "spire.batch500")


class Spire:
    """Builds the programs when the first figure is asked for."""

    def __init__(self, build, options):
        self._build, self._options, self._programs = build, options, None

    def measure(self, name, figures):
        found = self._run(name)
        figure = figures.add(name, found["rate"], "/s")
        for baseline, beside in found.get("beside", {}).items():
            figures.add(f"{name}.{baseline}", beside["rate"], "/s")
            if baseline == "memory":
                figure.beside(f"{name}.{baseline}", beside["ratio"])
            else:
                figures.add(f"{name}.per_{baseline}", beside["ratio"], "x")
        for member, suffix, unit in (("seconds", "seconds", "s"), ("p50_us", "p50_us", "us"),
                                     ("plugin_cpu_us", "plugin_cpu_us", "us"), ("agent_cpu_us", "agent_cpu_us", "us")):
            if member in found:
                figures.add(f"{name}.{suffix}", found[member], unit)
        if "agent_cpu_us" in found:
            used = found["plugin_cpu_us"] + found["agent_cpu_us"]
            figures.add(f"{name}.cpu_beyond_token_us", used - self._token_us(), "us")

    def _token_us(self):
        """Processor time of a signature in the token alone, which computes."""
        floor = pathlib.Path(self._build) / "tests" / "bench" / "floor" / "rk_bench_floor"
        command = [floor, "token", "--key", "p256", "--seconds", self._options.seconds]
        found = json.loads(authority.run(*command))
        return found["signers"] * 1e6 / found["rate"]

    def _run(self, name):
        if self._programs is None:
            directory = pathlib.Path(self._build) / "tests" / "interop"
            directory.mkdir(parents=True, exist_ok=True)
            self._programs = authority.build_spire(directory)
        environment = {**os.environ, "INTEROP_BUILD": str(self._build), "INTEROP_SPIRE": str(self._programs)}
        return json.loads(authority.run(self._programs / "bench", "-seconds", self._options.seconds, "-rounds",
                                        self._options.rounds, name.removeprefix("spire."), env=environment))
