"""What an entry of ztunnel's config dump must hold, checked with openssl and against rootkeepd's ledger."""

import base64
import json
import pathlib
import socket
import ssl
import subprocess

import authority
import proxy

CLIENT = "spiffe://cluster.local/ns/default/sa/client"  # the name of peers in these tests


def require(condition, words):
    if not condition:
        raise authority.Failed(words)


def _pem(certificates):
    return "".join(base64.b64decode(certificate["pem"]).decode().strip() + "\n" for certificate in certificates)


def _der_of_all(path):
    ends = "-----END CERTIFICATE-----"
    return [ssl.PEM_cert_to_DER_cert(part.strip() + "\n" + ends) for part in path.read_text().split(ends)[:-1]]


def _chain_is_good(leaf, intermediates, roots):
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore",
                           "-CAfile", str(roots), "-untrusted", str(intermediates), str(leaf)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0, done.stdout.strip()


def ledger(build, home, identity):
    """The entries of an identity, the newest first."""
    listed = authority.run(pathlib.Path(build) / "tools" / "rootkeep" / "rootkeep", "ledger", "list", "--state",
                           pathlib.Path(home) / "state", "--san", identity, "--json")
    return json.loads(listed)


def other_ca(home):
    """A self-signed CA that has nothing to do with rootkeepd: its certificate and key files."""
    certificate, key = home / "other-root.pem", home / "other-key.pem"
    if not certificate.exists():
        authority.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/O=other", "-addext", f"subjectAltName=URI:{CLIENT}", "-keyout", key, "-out",
                      certificate)
    return certificate, key


def certificate_is(build, home, entry, identity, caller, roots):
    """Requires that the entry is a good certificate for `identity`, recorded as issued to `caller`; leaves leaf.pem."""
    require(proxy.available(entry), f"{identity} is {entry['state']}")
    leaf, intermediates, anchors = home / "leaf.pem", home / "intermediates.pem", home / "anchors.pem"
    leaf.write_text(_pem(entry["certChain"][:1]))
    intermediates.write_text(_pem(entry["certChain"][1:]))
    anchors.write_text(_pem(entry["rootCerts"]))

    good, words = _chain_is_good(leaf, intermediates, anchors)
    require(good, f"openssl refuses the chain of {identity}: {words}")
    require(not _chain_is_good(leaf, intermediates, other_ca(home)[0])[0], "openssl takes the chain under any root")
    require(_der_of_all(anchors) == _der_of_all(roots), "ztunnel trusts other roots than the authority's")

    names = authority.run("openssl", "x509", "-in", leaf, "-noout", "-ext", "subjectAltName").split("\n", 1)[1].strip()
    require(names == f"URI:{identity}", f"the certificate of {identity} names {names}")

    serial = proxy.serial_of(entry)
    recorded = [(int(line["serial"], 16), line["status"], line["caller"]) for line in ledger(build, home, identity)]
    require((serial, "issued", caller) in recorded, f"not recorded: {serial} for {identity} by {caller}: {recorded}")


def _handshake(roots, certificate, key):
    """HTTP/2 to ztunnel's inbound port as a peer with that certificate: ztunnel's leaf (DER) and its first frame."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it has no host name; certificate_is looks at its SPIFFE ID
    context.load_verify_locations(roots)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", proxy.INBOUND_PORT), timeout=30) as connection:
        with context.wrap_socket(connection) as peer:
            peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            return peer.getpeercert(binary_form=True), peer.recv(9)


def peers_with(roots, certificate, key):
    """The leaf (DER) that ztunnel proves to have the key of; None if it turns this peer away."""
    try:
        leaf, frame = _handshake(roots, certificate, key)
    except (ssl.SSLError, ConnectionError):
        return None
    return leaf if len(frame) == 9 and frame[3] == 4 else None  # SETTINGS
