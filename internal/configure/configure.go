// Package configure is imon-configure: the dialogue that asks for the settings of
// an instance, and the way to set some of them without being asked.
//
// What is asked, in which order and with which words is the table of
// [config.Keys]; this package knows how to ask for each kind of value.
package configure

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"net/netip"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/config"
)

// Terminal is where the questions are asked.
type Terminal interface {
	// ReadLine shows a prompt and returns the line that is typed. complete, unless
	// it is nil, says what the Tab key does. The error is io.EOF at the end of the
	// input, and ErrInterrupted.
	ReadLine(prompt string, complete Completer) (string, error)
	// Print shows text, lines with their ends.
	Print(text string)
	// Interactive reports whether a person types there.
	Interactive() bool
}

// Completer returns what stands in the place of typed after the Tab key, and the
// lines to show when that leaves a choice.
type Completer func(typed string) (completed string, choices []string)

// Interface is a network interface that exists.
type Interface struct {
	Name      string
	Up        bool           // it is up and has a carrier
	Addresses []netip.Prefix // with the lengths of their networks
	Peer      bool           // there is only one other end, so that a gateway needs no network
	Device    string         // behind a logical name of OpenWrt, otherwise ""
}

// Machine is what the dialogue asks of this machine.
type Machine interface {
	Interfaces() []Interface
	// Resolve looks a name up. The error is ErrNoSuchName, or why nothing can be
	// said about it now.
	Resolve(ctx context.Context, name string) error
	Stat(path string) (iofs.FileInfo, error)
}

// Files is where configurations are read and written.
type Files interface {
	// Read returns the text of a file, nil when there is none.
	Read(path string) ([]byte, error)
	// Writable returns why Replace would fail, if that is known.
	Writable(path string) error
	// Replace gives a file a new text, all at once, and returns where the old one
	// is kept, "" when there was none.
	Replace(path string, text []byte, mode iofs.FileMode) (backup string, err error)
}

// Why a dialogue ended early; nothing is written then. A Refusal is told by its
// sentences.
var (
	ErrInterrupted = errors.New("interrupted: nothing was written")
	ErrEnd         = errors.New("end of input: nothing was written")
	ErrNoSuchName  = errors.New("no such name")
)

// Change gives one setting a value.
type Change struct {
	Key   string // "section.key"
	Value string
	Unset bool // gives it the default instead
}

// Format says which kind of file is written.
type Format int

// Which kind of file is written. Auto is the one from which the instance is read,
// and for a new instance what this machine has.
const (
	Auto Format = iota
	JSON        // /etc/default/imon-NAME
	UCI         // a section of /etc/config/imon
)

// Request is what the command line asks for.
type Request struct {
	Instance string // "" to ask
	Format   Format
	OpenWrt  bool     // this machine keeps its configurations in UCI
	Changes  []Change // when there are any, nothing is asked
	// Recommended asks for [config.Config.Recommend] where failover is enabled: the
	// dialogue proposes those values, and changes bring them along.
	Recommended bool
}

// Session is one run of imon-configure.
type Session struct {
	Terminal
	Machine
	Files
	Version string           // of imon
	Now     func() time.Time // for the date in the file
}

// Result is what was done.
type Result struct {
	Place   config.Place
	Written bool // or the last question was answered with no
	Enabled bool // the service may start the instance
}

// Run asks, or carries out the changes, and writes the file. The error is
// ErrInterrupted, ErrEnd, a [config.Faults] or another sentence.
func (s *Session) Run(ctx context.Context, r Request) (Result, error) {
	if len(r.Changes) > 0 {
		return s.change(r)
	}
	return s.converse(ctx, r)
}

// Yes asks a question that is answered with yes or no, the usual answer being Enter.
func (s *Session) Yes(prompt string, usual bool) (bool, error) {
	for {
		line, err := s.ReadLine(prompt, nil)
		answer := strings.ToLower(strings.TrimSpace(line))
		switch {
		case err != nil:
			return false, err
		case answer == "":
			return usual, nil
		case strings.HasPrefix("yes", answer):
			return true, nil
		case strings.HasPrefix("no", answer):
			return false, nil
		}
		s.say("%% Answer yes or no")
	}
}

// complain prints a line that begins with mark for each sentence of err.
func (s *Session) complain(mark string, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		s.say("%s %s", mark, line)
	}
}

func (s *Session) say(format string, values ...any) {
	s.Print(fmt.Sprintf(format, values...) + "\n")
}
