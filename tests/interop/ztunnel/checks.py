"""What an entry of ztunnel's config dump must hold, and how ztunnel treats peers."""

import base64
import socket
import ssl

import issued
import proxy

CLIENT = "spiffe://cluster.local/ns/default/sa/client"  # the name of peers in these tests


def _pem(certificates):
    return "".join(base64.b64decode(certificate["pem"]).decode().strip() + "\n" for certificate in certificates)


def leaf_of(entry):
    """PEM."""
    return _pem(entry["certChain"][:1])


def certificate_is(build, home, entry, identity, caller, roots, node=""):
    """Requires that the entry is a good certificate for `identity`, recorded as issued to `caller` by way of `node`."""
    issued.require(proxy.available(entry), f"{identity} is {entry['state']}")
    issued.require(proxy.serial_of(entry) == issued.serial_of(leaf_of(entry)), "ztunnel misreads a serial number")
    issued.require_good(build, home, _pem(entry["certChain"]), _pem(entry["rootCerts"]), identity, caller, roots, node)


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
