"""Both sides of mutual TLS with Python's ssl; tests/e2e/provider_peer.h says how it is spoken with."""

import functools
import socket
import ssl
import sys
import threading

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
LIMIT = 20  # seconds that one side waits for the other


@functools.cache
def context(side, trusted, cert, key, version):
    made = ssl.SSLContext(side)
    made.load_cert_chain(cert, key)
    made.load_verify_locations(trusted)
    made.verify_mode = ssl.CERT_REQUIRED
    if version:
        made.minimum_version = made.maximum_version = VERSIONS[version]
    return made


def serve(listener, server):
    while True:
        connection = listener.accept()[0]
        connection.settimeout(LIMIT)
        try:
            with server.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(secure.version().encode())
        except OSError:
            connection.close()  # and the client says why


def connect(port, client, version):
    with socket.create_connection(("127.0.0.1", port), LIMIT) as plain:
        with client.wrap_socket(plain, server_hostname="localhost") as secure:
            said = secure.recv(16).decode()  # in TLS 1.3, a refused certificate is heard of here
    return "done" if said == f"TLSv{version}" else f"failed: said {said!r}"


def main(cert, key, trusted, commands):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = context(ssl.PROTOCOL_TLS_SERVER, trusted, cert, key, None)
        threading.Thread(target=serve, args=(listener, server), daemon=True).start()
        with open(commands, encoding="ascii") as lines:
            for line in lines:
                version, *files = line.split()
                try:
                    client = context(ssl.PROTOCOL_TLS_CLIENT, trusted, *files, version)
                    print(connect(listener.getsockname()[1], client, version), flush=True)
                except OSError as error:
                    print("failed:", error, flush=True)


main(*sys.argv[1:])
