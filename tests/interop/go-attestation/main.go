// Records what go-attestation has a TPM simulator say.
//
// usage: record SOCKET DIRECTORY
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/google/go-attestation/attest"
	"github.com/google/go-tpm/legacy/tpm2"
)

const (
	nonce      = "rootkeep"
	storageKey = 0x81000001
)

type channel struct{ net.Conn }

func (channel) MeasurementLog() ([]byte, error) { return nil, nil }

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: record SOCKET DIRECTORY")
	}
	if err := record(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func record(socket, directory string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	extended := make([]byte, 32)
	extended[31] = 7
	if err := tpm2.PCRExtend(conn, 7, tpm2.AlgSHA256, extended, ""); err != nil {
		return err
	}
	tpm, err := attest.OpenTPM(&attest.OpenConfig{CommandChannel: channel{conn}})
	if err != nil {
		return err
	}
	defer tpm.Close()
	for name, algorithm := range map[string]attest.Algorithm{"rsa": attest.RSA, "ecc": attest.ECDSA} {
		if err := recordKey(tpm, filepath.Join(directory, name), algorithm); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	parent, _, _, err := tpm2.ReadPublic(conn, storageKey)
	if err != nil {
		return err
	}
	encoded, err := parent.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, "parent"), encoded, 0o644)
}

// An attestation key, a quote of PCR 0 and 7, and the certification of a key.
func recordKey(tpm *attest.TPM, prefix string, algorithm attest.Algorithm) error {
	ak, err := tpm.NewAK(&attest.AKConfig{Algorithm: algorithm})
	if err != nil {
		return err
	}
	defer ak.Close(tpm)
	quote, err := ak.QuotePCRs(tpm, []byte(nonce), attest.HashSHA256, []int{0, 7})
	if err != nil {
		return err
	}
	key, err := tpm.NewKey(ak, &attest.KeyConfig{Algorithm: attest.ECDSA, Size: 256, QualifyingData: []byte(nonce)})
	if err != nil {
		return err
	}
	defer key.Close()
	certification := key.CertificationParameters()
	for name, content := range map[string][]byte{
		"ak": ak.AttestationParameters().Public, "quote": quote.Quote, "signature": quote.Signature,
		"key": certification.Public, "certification": certification.CreateAttestation,
		"certification-signature": certification.CreateSignature,
	} {
		if err := os.WriteFile(prefix+"."+name, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
