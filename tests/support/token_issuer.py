"""A Kubernetes API server's part as the issuer of service account tokens, for drivers; signs with openssl."""

import base64
import json
import pathlib
import subprocess
import time

import authority

ISSUER = "https://kubernetes.default.svc"
AUDIENCE = "istio-ca"


def _text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(claims):
    return _text(json.dumps(claims).encode())


class TokenIssuer:
    """An RSA key and `jwks`, the file with its key set, in the existing private directory `home`."""

    def __init__(self, home):
        self._key = pathlib.Path(home) / "issuer.pem"
        self.jwks = pathlib.Path(home) / "jwks.json"
        authority.run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._key)
        modulus = bytes.fromhex(authority.run("openssl", "rsa", "-in", self._key, "-noout", "-modulus").split("=")[1])
        key = {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": _text(modulus), "e": "AQAB"}
        self.jwks.write_text(json.dumps({"keys": [key]}))

    def token(self, path, namespace, account, node):
        """Writes to `path` a token as the kubelet gets for a pod of that account on `node`, valid for an hour."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": [AUDIENCE], "iat": now - 60, "nbf": now - 60, "exp": now + 3600,
                  "sub": f"system:serviceaccount:{namespace}:{account}",
                  "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": "1"},
                                    "pod": {"name": f"{account}-0", "uid": "2"}, "node": {"name": node, "uid": "3"}}}
        signed = _part({"alg": "RS256", "typ": "JWT", "kid": "1"}) + "." + _part(claims)
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self._key)], input=signed.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise authority.Failed(f"openssl dgst: {done.stderr.decode().strip()}")
        path = pathlib.Path(path)
        path.touch(0o600)
        path.write_text(signed + "." + _text(done.stdout))  # no line break: ztunnel sends the file as it is
        return path
