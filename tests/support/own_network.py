"""A network namespace for a driver: fixed ports are free there, and nothing that runs in it reaches another machine."""

import fcntl
import os
import socket
import struct
import subprocess
import sys

import authority

_MARK = "--in-own-network"


def enter():
    """Starts this program again in a network of its own, where it may mark sockets too, as root or not, and returns
    there."""
    if _MARK in sys.argv[1:2]:
        del sys.argv[1]
        _raise_loopback()
        return
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--net", *user]
    tried = subprocess.run([*command, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if tried.returncode != 0:
        raise authority.Failed(f"{' '.join(command)}: {tried.stderr.strip()}; ports are fixed here, so it runs in a "
                               "network namespace of its own: run as root, or allow user namespaces")
    os.execvp("unshare", [*command, sys.executable, sys.argv[0], _MARK, *sys.argv[1:]])


def _raise_loopback():
    flags = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, flags)  # SIOCSIFFLAGS
