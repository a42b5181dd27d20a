package lab

import "encoding/json"

// LocalAuthority is one of spire-server's own CAs.
type LocalAuthority struct {
	ID       string `json:"authority_id"` // its subject key identifier, hex
	Upstream string `json:"upstream_authority_subject_key_id"`
}

// ActiveAuthority is the CA that signs now.
func (s *Server) ActiveAuthority() LocalAuthority {
	s.lab.Helper()
	var state struct{ Active LocalAuthority }
	s.decode(s.Do("localauthority", "x509", "show", "-output", "json"), &state)
	if state.Active.ID == "" {
		s.lab.Fatalf("%s has no active CA", s.name)
	}
	return state.Active
}

// PrepareAuthority has a new key made, and a CA certificate for it.
func (s *Server) PrepareAuthority() (LocalAuthority, error) {
	s.lab.Helper()
	printed, err := s.TryDo("localauthority", "x509", "prepare", "-output", "json")
	if err != nil {
		return LocalAuthority{}, err
	}
	var answer struct {
		Prepared LocalAuthority `json:"prepared_authority"`
	}
	s.decode(printed, &answer)
	return answer.Prepared, nil
}

// RotateAuthority prepares a CA and activates it.
func (s *Server) RotateAuthority() LocalAuthority {
	s.lab.Helper()
	prepared, err := s.PrepareAuthority()
	if err != nil {
		s.lab.Fatalf("%v", err)
	}
	s.Do("localauthority", "x509", "activate", "-authorityID", prepared.ID)
	return prepared
}

func (s *Server) decode(printed string, into any) {
	s.lab.Helper()
	if err := json.Unmarshal([]byte(printed), into); err != nil {
		s.lab.Fatalf("spire-server printed %q: %v", printed, err)
	}
}
