"""What a certificate that rootkeepd issued must hold, checked with openssl and against its ledger, for drivers."""

import json
import pathlib
import ssl
import subprocess

import authority


def require(condition, words):
    if not condition:
        raise authority.Failed(words)


def blocks(pem):
    """The certificates of a PEM text, each a PEM text."""
    end = "-----END CERTIFICATE-----"
    return [part.strip() + "\n" + end + "\n" for part in pem.split(end)[:-1]]


def _der(pem):
    return [ssl.PEM_cert_to_DER_cert(block) for block in blocks(pem)]


def _chain_is_good(home, leaf, intermediates, roots):
    for name, text in (("leaf", leaf), ("intermediates", intermediates), ("anchors", roots)):
        (home / f"{name}.pem").write_text(text)
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore",
                           "-CAfile", str(home / "anchors.pem"), "-untrusted", str(home / "intermediates.pem"),
                           str(home / "leaf.pem")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return done.returncode == 0, done.stdout.strip()


def ledger(build, home, identity):
    """The entries of an identity, the newest first, of the rootkeepd in `home`."""
    listed = authority.run(pathlib.Path(build) / "tools" / "rootkeep" / "rootkeep", "ledger", "list", "--state",
                           pathlib.Path(home) / "state", "--san", identity, "--json")
    return json.loads(listed)


def serial_of(leaf):
    """Of a certificate (PEM), as a number."""
    printed = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=leaf, stdout=subprocess.PIPE, text=True,
                             check=True)
    return int(printed.stdout.strip().removeprefix("serial="), 16)


def other_ca(home, name):
    """A self-signed CA that has nothing to do with rootkeepd, of that SPIFFE ID: its certificate and key files."""
    certificate, key = home / "other-root.pem", home / "other-key.pem"
    if not certificate.exists():
        authority.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/O=other", "-addext", f"subjectAltName=URI:{name}", "-keyout", key, "-out",
                      certificate)
    return certificate, key


def require_good(build, home, chain, anchors, identity, caller, roots, node=""):
    """Requires of a chain (PEM, leaf first) that it is good under `anchors` (PEM) and under no other root, that these
    are the roots of the file `roots`, that its only name is `identity`, and that the ledger has it as issued to
    `caller`, as a call that the attested node `node` carried ("": none)."""
    leaf, *intermediates = blocks(chain)
    good, words = _chain_is_good(home, leaf, "".join(intermediates), anchors)
    require(good, f"openssl refuses the chain of {identity}: {words}")
    other = other_ca(home, identity)[0].read_text()
    require(not _chain_is_good(home, leaf, "".join(intermediates), other)[0], "openssl takes the chain under any root")
    require(_der(anchors) == _der(roots.read_text()), "the client trusts other roots than the authority's")

    printed = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=leaf,
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    names = printed.split("\n", 1)[1].strip()
    require(names == f"URI:{identity}", f"the certificate of {identity} names {names}")

    recorded = [(int(line["serial"], 16), line["status"], line["caller"], line.get("attested_node", ""))
                for line in ledger(build, home, identity)]
    wanted = (serial_of(leaf), "issued", caller, node)
    require(wanted in recorded, f"not recorded: {wanted}: {recorded}")
