"""The command line of the benchmark."""

import argparse
import pathlib


def parse(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("build", type=pathlib.Path, help="directory of a release build")
    parser.add_argument("--only", action="append", metavar="NAME", help="measure this part; may be repeated")
    parser.add_argument("--with-istiod", action="store_true", help="measure istio's own CA beside it (needs Go)")
    parser.add_argument("--with-spire", action="store_true",
                        help="measure spire-server with our key manager too (needs Go; --only does without this)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--rounds", type=int, default=5, help="of every load (default 5)")
    parser.add_argument("--seconds", type=float, default=2, help="of every measurement (default 2)")
    parser.add_argument("--preempt", action="store_true",
                        help="let the generator take the processor from the server whenever an answer comes")
    parser.add_argument("--list", action="store_true", help="print the names and do nothing")
    return parser.parse_args()
