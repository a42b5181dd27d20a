"""Figures: what the benchmark found, as a table for people and as JSON for machines."""

import dataclasses
import json


@dataclasses.dataclass
class Figure:
    name: str
    value: float
    unit: str
    baseline: str = ""
    ratio: float = 0.0

    def beside(self, baseline, ratio):
        """Sets it beside a figure of the same run, or what a word stands for."""
        self.baseline, self.ratio = baseline, ratio

    def as_json(self):
        members = {"name": self.name, "value": round(self.value, 3), "unit": self.unit}
        if self.baseline:
            members.update(baseline=self.baseline, ratio=round(self.ratio, 3))
        return members


class Figures:
    def __init__(self):
        self._by_name = {}

    def add(self, name, value, unit):
        self._by_name[name] = Figure(name, value, unit)
        return self._by_name[name]

    def compare(self, name, baseline):
        """Sets `name` beside `baseline`, when both were measured."""
        figure, base = self._by_name.get(name), self._by_name.get(baseline)
        if figure and base and base.value > 0:
            figure.baseline, figure.ratio = baseline, figure.value / base.value

    def value(self, name):
        """What was measured under this name, or None."""
        figure = self._by_name.get(name)
        return figure.value if figure else None

    def print_since(self, printed):
        """Prints what was not printed yet; gives the number to pass the next time."""
        figures = list(self._by_name.values())
        for figure in figures[printed:]:
            line = f"{figure.name:<44}{figure.value:>12.{2 if figure.value < 10 else 1}f} {figure.unit:<6}"
            if figure.baseline:
                line += f"{figure.ratio:>8.2f} x {figure.baseline}"
            print(line.rstrip(), flush=True)
        return len(figures)

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump([figure.as_json() for figure in self._by_name.values()], file, indent=1)
            file.write("\n")
