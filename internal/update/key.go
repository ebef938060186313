package update

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// key is a TSIG key (RFC 8945). The zero key signs nothing.
type key struct {
	name      string // fully qualified, in lower case
	algorithm string // fully qualified
	secret    string // in base64
}

// key reads the key of the settings, which is in a file or among them.
func (s *nameServer) key() (key, error) {
	k := key{s.KeyName, s.KeyAlgorithm, s.KeySecret}
	if s.KeyFile != "" {
		content, err := s.network.Read(s.KeyFile)
		if err != nil {
			return key{}, fmt.Errorf("cannot read %q: %w", s.KeyFile, unnamed(err))
		}
		if err := k.read(string(content)); err != nil {
			return key{}, fmt.Errorf("cannot understand %q: %w", s.KeyFile, err)
		}
	}
	if k.secret == "" {
		return key{}, nil
	}
	if k.name == "" {
		return key{}, errors.New("the key has no name")
	}
	k.name, k.algorithm = dns.CanonicalName(k.name), dns.CanonicalName(k.algorithm)
	return k, nil
}

// read takes what a key file says: the secret alone, or a key statement of BIND as
// tsig-keygen(8) writes it, whose name and algorithm win over the settings.
func (k *key) read(content string) error {
	fields := strings.FieldsFunc(content, func(r rune) bool { return strings.ContainsRune(" \t\r\n{};\"", r) })
	if len(fields) == 1 {
		k.secret = fields[0]
	} else {
		for i := 0; i+1 < len(fields); i += 2 {
			switch value := fields[i+1]; fields[i] {
			case "key":
				k.name = value
			case "algorithm":
				k.algorithm = value
			case "secret":
				k.secret = value
			default:
				return errors.New("neither a secret nor a key statement of BIND")
			}
		}
	}
	if raw, err := base64.StdEncoding.DecodeString(k.secret); err != nil || len(raw) == 0 {
		return errors.New("the secret is not in base64")
	}
	return nil
}
