// go-attestation as a node: what it has a TPM simulator say, in files that Rootkeep's verifier reads.
//
// usage: go-attestation record SOCKET DIRECTORY
//
//	go-attestation identify rsa|ecc SOCKET DIRECTORY
//	go-attestation answer SOCKET DIRECTORY
//
// record keeps quotes and certifications for a nonce that is always the same. identify makes an attestation key and
// says which it is; answer is its answer to the challenge that stands in the directory by then.
package main

import (
	"errors"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/google/go-attestation/attest"
	"github.com/google/go-tpm/legacy/tpm2"
	"github.com/google/go-tpm/tpmutil"
)

const (
	recordedNonce  = "rootkeep"
	storageKey     = 0x81000001
	endorsementKey = 0x81010001
)

var algorithms = map[string]attest.Algorithm{"rsa": attest.RSA, "ecc": attest.ECDSA}

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "record":
		return record(args[1], directory(args[2]))
	case len(args) == 4 && args[0] == "identify":
		return identify(args[1], args[2], directory(args[3]))
	case len(args) == 3 && args[0] == "answer":
		return answer(args[1], directory(args[2]))
	}
	return errors.New("usage: go-attestation record|identify|answer, as main.go says")
}

func record(socket string, out directory) error {
	tpm, conn, err := open(socket)
	if err != nil {
		return err
	}
	defer tpm.Close()
	extended := make([]byte, 32)
	extended[31] = 7
	if err := tpm2.PCRExtend(conn, 7, tpm2.AlgSHA256, extended, ""); err != nil {
		return err
	}
	for name, algorithm := range algorithms {
		ak, err := tpm.NewAK(&attest.AKConfig{Algorithm: algorithm})
		if err != nil {
			return err
		}
		err = errors.Join(out.write(name+".ak", ak.AttestationParameters().Public),
			prove(tpm, ak, []byte(recordedNonce), out, name+"."), ak.Close(tpm))
		if err != nil {
			return err
		}
	}
	return writePublic(conn, storageKey, out, "parent")
}

func identify(algorithm, socket string, out directory) error {
	tpm, conn, err := open(socket)
	if err != nil {
		return err
	}
	defer tpm.Close()
	ak, err := tpm.NewAK(&attest.AKConfig{Algorithm: algorithms[algorithm]})
	if err != nil {
		return err
	}
	defer ak.Close(tpm)
	stored, err := ak.Marshal()
	if err != nil {
		return err
	}
	return errors.Join(out.write("stored-ak", stored), out.write("ak", ak.AttestationParameters().Public),
		writePublic(conn, storageKey, out, "parent"), writePublic(conn, endorsementKey, out, "ek"))
}

func answer(socket string, dir directory) error {
	tpm, _, err := open(socket)
	if err != nil {
		return err
	}
	defer tpm.Close()
	ak, err := tpm.LoadAK(dir.read("stored-ak"))
	if err != nil {
		return err
	}
	defer ak.Close(tpm)
	secret, err := ak.ActivateCredential(tpm, attest.EncryptedCredential{
		Credential: dir.read("id-object"), Secret: dir.read("encrypted-secret")})
	if err != nil {
		return err
	}
	return errors.Join(dir.write("secret", secret), prove(tpm, ak, dir.read("nonce"), dir, ""))
}

// A quote of PCR 0 and 7, and the certification of a key.
func prove(tpm *attest.TPM, ak *attest.AK, nonce []byte, out directory, prefix string) error {
	quote, err := ak.QuotePCRs(tpm, nonce, attest.HashSHA256, []int{0, 7})
	if err != nil {
		return err
	}
	key, err := tpm.NewKey(ak, &attest.KeyConfig{Algorithm: attest.ECDSA, Size: 256, QualifyingData: nonce})
	if err != nil {
		return err
	}
	defer key.Close()
	certification := key.CertificationParameters()
	return errors.Join(out.write(prefix+"quote", quote.Quote), out.write(prefix+"signature", quote.Signature),
		out.write(prefix+"key", certification.Public),
		out.write(prefix+"certification", certification.CreateAttestation),
		out.write(prefix+"certification-signature", certification.CreateSignature))
}

type channel struct{ net.Conn }

func (channel) MeasurementLog() ([]byte, error) { return nil, nil }

func open(socket string) (*attest.TPM, net.Conn, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, err
	}
	tpm, err := attest.OpenTPM(&attest.OpenConfig{CommandChannel: channel{conn}})
	return tpm, conn, err
}

func writePublic(conn net.Conn, handle tpmutil.Handle, out directory, name string) error {
	area, _, _, err := tpm2.ReadPublic(conn, handle)
	if err != nil {
		return err
	}
	encoded, err := area.Encode()
	if err != nil {
		return err
	}
	return out.write(name, encoded)
}

type directory string

func (d directory) write(name string, content []byte) error {
	return os.WriteFile(filepath.Join(string(d), name), content, 0o644)
}

// Empty when there is no such file, which no TPM takes.
func (d directory) read(name string) []byte {
	content, _ := os.ReadFile(filepath.Join(string(d), name))
	return content
}
