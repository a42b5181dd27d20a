package lab

import "fmt"

// MemoryKeyManager is SPIRE's own: the baseline.
const MemoryKeyManager = "  KeyManager \"memory\" { plugin_data {} }\n"

// RootFile is a root in files, PEM, for SPIRE's own upstream authority. That reads them each time it signs.
type RootFile struct{ Certificate, key string }

// NewRootFile makes one. A second of the same name takes the place of the first in spire-server's eyes.
func (l *Lab) NewRootFile(name string) RootFile {
	l.Helper()
	root := RootFile{Certificate: l.Path(name + ".pem"), key: l.Path(name + ".key")}
	l.Run(nil, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-keyout", root.key, "-out", root.Certificate, "-subj", "/CN=root in a file",
		"-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "subjectAltName=URI:spiffe://"+TrustDomain)
	return root
}

// UpstreamAuthority is the block of spire-server's configuration.
func (r RootFile) UpstreamAuthority() string {
	return fmt.Sprintf("  UpstreamAuthority \"disk\" { plugin_data { key_file_path = %q\n cert_file_path = %q } }\n",
		r.key, r.Certificate)
}
