package config

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"strings"

	"github.com/spf13/afero"
)

const maxFile = 1 << 20 // bytes

// Path returns the file of an instance, /etc/default/imon-NAME. A name that
// could lead elsewhere, or that would not fit into a log line, is a [Faults].
func Path(instance string) (string, error) {
	if !isInstance(instance) {
		f := Fault{Value: instance, Rule: "it must be 1 to 63 of the characters A-Z a-z 0-9 _ . @ -," +
			" begin with a letter, a digit or _, and not contain two dots in a row"}
		return "", Faults{f.say(invalidValue(instance, "instance"))}
	}
	return "/etc/default/imon-" + instance, nil
}

func isInstance(s string) bool {
	const first = letters + digits + "_"
	return s != "" && len(s) <= 63 && strings.Contains(first, s[:1]) &&
		strings.Trim(s, first+".@-") == "" && !strings.Contains(s, "..")
}

// Load reads and checks the JSON file of an instance, or the file at path when
// path is not empty; then the instance may be empty. The action script is looked
// for in the same file system. The error is a [Faults] with everything that is
// wrong, and the Config then is the zero one. Warnings come with and without an
// error, sorted by line.
func Load(fs afero.Fs, instance, path string) (Config, []Warning, error) {
	name := path // as messages call it
	if path == "" || instance != "" {
		standard, err := Path(instance)
		if err != nil {
			return Config{}, nil, err
		}
		if path == "" {
			name, path = instance, standard
		}
	}
	data, faults := readFile(fs, name, path)
	if faults != nil {
		return Config{}, nil, faults
	}
	doc, warnings, faults := readJSON(path, data)
	b := newBuilder(fs, doc)
	b.warnings, b.faults = warnings, faults
	return b.result()
}

// readFile reads the whole file, with a limit.
func readFile(fs afero.Fs, name, path string) ([]byte, Faults) {
	file, err := fs.Open(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, notFound(name, path)
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(data) > maxFile {
		return nil, fileFault(path, fmt.Sprintf("is larger than %d bytes", maxFile))
	}
	return data, nil
}

func notFound(name, path string) Faults {
	words := fmt.Sprintf("Instance configuration file '%s' not found", escape(name))
	if name != path {
		words += where(path, 0, "")
	}
	return Faults{{Path: path, Sentence: words}}
}

func unreadable(path string, err error) Faults {
	if inner := errors.Unwrap(err); inner != nil { // the path is said already
		err = inner
	}
	return fileFault(path, "cannot be read: "+escape(err.Error()))
}
