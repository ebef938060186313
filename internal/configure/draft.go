package configure

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"strings"

	"github.com/ejgeiger/imon/internal/config"
)

// draft is an instance that is being edited.
type draft struct {
	config.Draft
	place config.Place
	from  config.Place // where it was read; only to be told when Found or there are faults
	old   []byte       // what the file at place has now, nil when there is none
	said  map[string]bool
}

// open reads what there is of an instance, and settles where it will be written. The
// error means that it cannot be edited at all.
func (s *Session) open(r Request, instance string) (*draft, error) {
	path, err := config.Path(instance)
	if err != nil {
		return nil, err
	}
	asJSON := config.Place{Instance: instance, Path: path}
	asUCI := config.Place{Instance: instance, Path: config.UCIPath, UCI: true}
	text, err := s.Read(path)
	if err != nil {
		return nil, err
	}
	sections, err := s.Read(config.UCIPath)
	if err != nil {
		return nil, err
	}
	d := &draft{place: asJSON, from: asJSON, old: text, said: make(map[string]bool)}
	if r.Format == UCI || r.Format == Auto && r.OpenWrt && text == nil {
		d.place, d.old = asUCI, sections
		if _, err := asUCI.Text(sections, config.Defaults()); err != nil {
			return nil, err
		}
	}
	if text != nil {
		d.Draft = asJSON.Draft(text)
		return d, nil
	}
	d.Draft.Config = config.Defaults()
	if found := asUCI.Draft(sections); sections != nil && found.Found {
		d.from, d.Draft = asUCI, found
	}
	return d, nil
}

// edited reports whether there is something to be edited.
func (d *draft) edited() bool { return d.Found || len(d.Faults) > 0 }

// source is what the settings were read from.
func (d *draft) source() string {
	if d.from.UCI {
		return fmt.Sprintf("Instance '%s' of '%s'", d.from.Instance, d.from.Path)
	}
	return "'" + d.from.Path + "'"
}

// text is the new text of the file, with who wrote it and when.
func (s *Session) text(d *draft) ([]byte, error) {
	c := d.Config
	if !d.place.UCI {
		c.Global.Instance = d.place.Instance
		c.Global.WrittenBy = "V" + s.Version
		c.Global.WrittenAt = s.Now().Format("2006-01-02 15:04:05")
	}
	return d.place.Text(d.old, c)
}

// warn shows warnings, each of them once.
func (s *Session) warn(d *draft, warnings []config.Warning) {
	for _, w := range warnings {
		if !d.said[w.Text] {
			d.said[w.Text] = true
			s.say("%% %s", w)
		}
	}
}

// check applies all rules to a text that is to be written, and shows warnings.
func (s *Session) check(d *draft, text []byte) error {
	warnings, err := d.place.Check(s.Stat, text)
	s.warn(d, warnings)
	return err
}

// pendingUCI is where the program uci keeps changes until they are committed.
const pendingUCI = "/tmp/.uci/imon"

// write puts the text in place and says so.
func (s *Session) write(d *draft, text []byte) error {
	backup, err := s.Replace(d.place.Path, text, s.mode(d, text))
	if err != nil {
		return err
	}
	s.say("Wrote '%s'", d.place.Path)
	if backup != "" {
		s.say("The old file is kept as '%s'", backup)
	}
	if pending, err := s.Stat(pendingUCI); d.place.UCI && err == nil && pending.Size() > 0 {
		s.say("%% There are changes that are not committed, 'uci changes imon' shows them: 'uci commit imon' puts them over this")
	}
	if d.place.UCI && d.from.Path != d.place.Path && d.edited() {
		s.say("%% As long as '%s' exists, imon reads it instead: remove it", d.from.Path)
	}
	return nil
}

// mode is who may read the file: as before, but nobody else once there is a secret in
// it. A file in UCI is root's alone, as OpenWrt has it.
func (s *Session) mode(d *draft, text []byte) iofs.FileMode {
	if d.place.UCI {
		return 0o600
	}
	mode, secret := iofs.FileMode(0o644), d.place.Draft(text).Config.HasSecret()
	if secret {
		mode = 0o600
	}
	if old, err := s.Stat(d.place.Path); err == nil {
		mode = old.Mode().Perm()
	}
	if secret {
		mode &^= 0o007
	}
	return mode
}

// change carries out changes without asking.
func (s *Session) change(r Request) (Result, error) {
	if r.Instance == "" {
		r.Instance = "main"
	}
	d, err := s.open(r, r.Instance)
	if err != nil {
		return Result{}, err
	}
	s.warn(d, d.Warnings)
	before := d.Config
	if err := d.apply(r.Changes); err != nil {
		return Result{}, err
	}
	if r.Recommended && d.Config.Failover.Enable {
		d.Config.Recommend(r.changes)
	}
	result := Result{Place: d.place, Enabled: !d.Config.Off()}
	if d.Found && d.from == d.place && sameSettings(before, d.Config) && len(d.Faults) == 0 {
		s.say("'%s' has these settings already", d.place.Path)
		return result, nil
	}
	text, err := s.text(d)
	if err == nil {
		err = s.check(d, text)
	}
	if err == nil {
		err = s.write(d, text)
	}
	result.Written = err == nil
	return result, err
}

// apply makes the changes. Faults of the file that no change mends, and those of
// the changes, come together.
func (d *draft) apply(changes []Change) error {
	var wrong []error
	mended := make(map[string]bool)
	for _, c := range changes {
		k, err := config.FindKey(c.Key)
		switch {
		case err != nil:
			wrong = append(wrong, err)
			continue
		case c.Unset:
			d.Config.Unset(k)
		default:
			for _, f := range k.Set(&d.Config, c.Value) {
				wrong = append(wrong, f)
			}
		}
		mended[k.String()] = true
	}
	for _, f := range d.Faults {
		if !mended[f.Section+"."+f.Key] {
			wrong = append(wrong, f)
		}
	}
	return errors.Join(wrong...)
}

// changes reports whether there is a change of a setting.
func (r Request) changes(k config.Key) bool {
	return slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Key == k.String() })
}

// sameSettings reports whether two configurations have the same values.
func sameSettings(a, b config.Config) bool {
	for _, k := range config.Keys() {
		if k.Get(a) != k.Get(b) {
			return false
		}
	}
	return true
}

// ParseChange reads the "section.key=value" of the command line.
func ParseChange(text string) (Change, error) {
	key, value, found := strings.Cut(text, "=")
	if !found {
		return Change{}, fmt.Errorf("%q has no =: write SECTION.KEY=VALUE", text)
	}
	return Change{Key: strings.TrimSpace(key), Value: value}, nil
}
