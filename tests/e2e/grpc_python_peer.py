"""Both sides of mutual TLS with gRPC of Debian's for Python, which is linked with the system's OpenSSL;
tests/e2e/provider_peer.h says how it is spoken with."""

import concurrent.futures
import functools
import pathlib
import sys

import grpc

LIMIT = 20  # seconds for a connection and a call


def read(*paths):
    return [pathlib.Path(path).read_bytes() for path in paths]


def serve(cert, key, trusted):
    handler = grpc.method_handlers_generic_handler(
        "peer.Peer", {"Ask": grpc.unary_unary_rpc_method_handler(lambda request, context: request)})
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2), [handler])
    (chain, private_key, roots) = read(cert, key, trusted)
    credentials = grpc.ssl_server_credentials([(private_key, chain)], roots, require_client_auth=True)
    return server, server.add_secure_port("127.0.0.1:0", credentials)


@functools.cache
def credentials_of(trusted, cert, key):
    (chain, private_key, roots) = read(cert, key, trusted)
    return grpc.ssl_channel_credentials(roots, private_key, chain)


def connect(port, credentials):
    options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        return channel.unary_unary("/peer.Peer/Ask")(b"hello", timeout=LIMIT)


def main(cert, key, trusted, commands):
    server, port = serve(cert, key, trusted)
    server.start()
    with open(commands, encoding="ascii") as lines:
        for line in lines:
            _, *files = line.split()  # the version is gRPC's choice, which is 1.3
            try:
                print("done" if connect(port, credentials_of(trusted, *files)) == b"hello" else "failed", flush=True)
            except grpc.RpcError as error:
                print("failed:", error.code().name, error.details().replace("\n", " "), flush=True)
    server.stop(None).wait()


main(*sys.argv[1:])
