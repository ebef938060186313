package config

import (
	"fmt"
	"slices"
	"strings"
)

// unknown warns of the sections and keys that the table does not have.
func (b *builder) unknown() {
	for _, s := range b.doc.sections {
		if !slices.Contains(Sections(), s.name) {
			b.warn(s.line, "", b.aboutSection(s.name))
			continue
		}
		for _, e := range s.entries {
			if !slices.ContainsFunc(b.keys, func(k Key) bool { return k.Section == s.name && k.Name == e.name }) {
				b.warn(e.line, "", b.aboutKey(s.name, e.name))
			}
		}
	}
}

// aboutSection says what an unknown section may be.
func (b *builder) aboutSection(name string) string {
	subject := fmt.Sprintf(`section "%s": `, shown(name))
	if owners := b.owners(name); owners != "" {
		return fmt.Sprintf(`"%s" outside of a section: it belongs to %s, ignored`, name, owners)
	}
	if near := nearest(name, Sections()); near != "" {
		return fmt.Sprintf(`%sdid you mean "%s"?`, subject, near)
	}
	return subject + "unknown section, ignored"
}

// aboutKey says what an unknown key of a section may be.
func (b *builder) aboutKey(section, name string) string {
	subject := fmt.Sprintf(`"%s" in [%s]: `, shown(name), section)
	if owners := b.owners(name); owners != "" {
		return subject + "it belongs to " + owners + ", ignored"
	}
	var here, anywhere []string
	for _, k := range b.keys {
		if k.Section == section {
			here = append(here, k.Name)
		}
		anywhere = append(anywhere, k.Name)
	}
	if near := nearest(name, here); near != "" {
		return fmt.Sprintf(`%sdid you mean "%s"?`, subject, near)
	}
	if near := nearest(name, anywhere); near != "" {
		return fmt.Sprintf(`%sdid you mean "%s", which belongs to %s?`, subject, near, b.owners(near))
	}
	return subject + "unknown key, ignored"
}

// owners are the sections that have a key of that name, as "[a] or [b]".
func (b *builder) owners(key string) string {
	var owners []string
	for _, k := range b.keys {
		if k.Name == key {
			owners = append(owners, "["+k.Section+"]")
		}
	}
	return strings.Join(owners, " or ")
}

// nearest returns the candidate that is at most two slips of the fingers away
// from name, the first of the best ones, or "".
func nearest(name string, candidates []string) string {
	best, found := 3, ""
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), c); d < best {
			best, found = d, c
		}
	}
	return found
}

// distance is the optimal string alignment distance between a and b: how many
// bytes must be added, removed, replaced, or swapped with their neighbour. It
// stops counting at 3.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	var before, above []int // the two rows over the present one
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j]+cost, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return min(row[len(b)], 3)
}
