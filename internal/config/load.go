package config

import (
	"strings"

	"github.com/spf13/afero"
)

// Path returns the file of an instance, /etc/default/imon-NAME. A name that
// could lead elsewhere, or that would not fit into a log line, is a [Faults].
func Path(instance string) (string, error) {
	path, faults := standardPath(instance)
	if faults != nil {
		return "", faults
	}
	return path, nil
}

func standardPath(instance string) (string, Faults) {
	if !isInstance(instance) {
		return "", badInstance(instance, "it must be 1 to 63 of the characters A-Z a-z 0-9 _ . @ -,"+
			" begin with a letter, a digit or _, and not contain two dots in a row")
	}
	return "/etc/default/imon-" + instance, nil
}

func badInstance(instance, rule string) Faults {
	f := Fault{Value: instance, Rule: rule}
	return Faults{f.called("", invalidValue(instance, "instance"))}
}

func isInstance(s string) bool {
	const first = letters + digits + "_"
	return s != "" && len(s) <= 63 && strings.Contains(first, s[:1]) &&
		strings.Trim(s, first+".@-") == "" && !strings.Contains(s, "..")
}

// Load reads and checks the settings of an instance. They stand in the file at
// path when path is not empty, otherwise in the instance's JSON file (see
// [Path]) if there is one, and otherwise in its section of [UCIPath]. A file at
// path is UCI when its first character outside of comments is a letter, and
// JSON with any other one; for JSON the instance may be empty.
//
// The action script is looked for in the same file system. The error is a
// [Faults] with everything that is wrong, and the Config then is the zero one.
// Warnings come with and without an error, sorted by line.
func Load(fs afero.Fs, instance, path string) (Config, []Warning, error) {
	return loadWith(fs, instance, path, true)
}

// Read is [Load] for those who pass settings on: without the rules that concern
// several settings or the machine, also for an instance that is not enabled. But
// each value by itself must be good, those of monitors that are off included,
// because a wrong one cannot be passed on.
func Read(fs afero.Fs, instance, path string) (Config, []Warning, error) {
	return loadWith(fs, instance, path, false)
}

func loadWith(fs afero.Fs, instance, path string, toRun bool) (Config, []Warning, error) {
	doc, warnings, faults := find(fs, instance, path)
	if faults != nil && len(doc.sections) == 0 {
		sortWarnings(warnings)
		return Config{}, warnings, faults
	}
	b := newBuilder(fs.Stat, doc)
	b.toRun, b.warnings, b.faults = toRun, warnings, faults
	return b.result()
}
