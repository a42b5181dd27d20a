package lab

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Of every token, and nothing that stands anywhere by chance.
const (
	pin       = "pin-73810462"
	adminPIN  = "so-pin-94016725"
	pinSuffix = "-pin" // of a file in Home that has the PIN
)

// findPINs fails the test when a PIN is anywhere in Home but in the files that are to have it: in what a program printed,
// was configured with, or keeps. SPIRE's are here to prove that no PIN reaches it.
func (l *Lab) findPINs() {
	l.Helper()
	var found []string
	err := filepath.WalkDir(l.Home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || strings.HasSuffix(path, pinSuffix) {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(content, []byte(pin)) || bytes.Contains(content, []byte(adminPIN)) {
			found = append(found, strings.TrimPrefix(path, l.Home))
		}
		return nil
	})
	if err != nil {
		l.Fatalf("PINs are not looked for: %v", err)
	}
	if len(found) > 0 {
		l.Fatalf("the PIN of a token is in %v", found)
	}
}
