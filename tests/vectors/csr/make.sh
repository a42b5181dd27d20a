#!/usr/bin/env bash
# Makes the requests in this directory with the openssl command and with Go's crypto/x509 (make.go), one for each kind
# of key and shape that clients send. The keys are thrown away. Run it only to add a shape: tests use what is here.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
uri=URI:spiffe://cluster.local/ns/default/sa/httpbin

key() { openssl genpkey -out "$keys/$1.key" "${@:2}" 2>/dev/null; }
request() { openssl req -new -key "$keys/$1.key" -out "$2.pem" "${@:3}"; }

key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key ed25519 -algorithm ED25519
for bits in 2048 2560 3072 4096 8192; do key "rsa$bits" -algorithm RSA -pkeyopt "rsa_keygen_bits:$bits"; done
key rsa-e3 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3

for name in p256 p384 ed25519 rsa2048 rsa2560 rsa3072 rsa4096 rsa8192 rsa-e3; do
  request "$name" "openssl-$name" -subj / -addext "subjectAltName=critical,$uri"
done
request p256 openssl-p256-sha512 -sha512 -subj / -addext "subjectAltName=$uri"
request p384 openssl-p384-sha384 -sha384 -subj / -addext "subjectAltName=$uri"
request rsa2048 openssl-rsa2048-sha384 -sha384 -subj / -addext "subjectAltName=$uri"
request rsa2048 openssl-rsa2048-sha512 -sha512 -subj / -addext "subjectAltName=$uri"
request p256 openssl-subject -utf8 -subj "/C=DE/O=Größe/CN=httpbin.default/emailAddress=a@b.example"
request p256 openssl-many-names -subj /CN=x -addext \
  "subjectAltName=DNS:a.example,IP:10.0.0.1,$uri,IP:2001:db8::1,email:a@b.example"
request p256 openssl-more-extensions -subj / -addext "subjectAltName=$uri" -addext basicConstraints=critical,CA:TRUE \
  -addext keyUsage=keyCertSign -addext extendedKeyUsage=codeSigning
cat >"$keys/challenge.cnf" <<CNF
[req]
distinguished_name = dn
attributes = attributes
prompt = no
[dn]
CN = x
[attributes]
challengePassword = secret
CNF
request p256 openssl-challenge -config "$keys/challenge.cnf" -addext "subjectAltName=$uri"
request p256 openssl-no-extensions -subj /

go run make.go
