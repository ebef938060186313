package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/ejgeiger/imon"

// source is one parsed Go file of the project.
type source struct {
	path string // below the module's root, with slashes
	pkg  string // its directory below the module's root
	test bool
	file *ast.File
	fset *token.FileSet
	rows int
}

// parseAll reads every Go file of the module.
func parseAll(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var all []source
	for _, top := range []string{"cmd", "internal"} {
		err = filepath.WalkDir(filepath.Join(root, top), func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
				return err
			}
			s, err := parse(root, p)
			all = append(all, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found below %s: the rules have nothing to look at", len(all), root)
	}
	return all
}

func parse(root, p string) (source, error) {
	text, err := os.ReadFile(p)
	if err != nil {
		return source{}, err
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, p, text, parser.ParseComments)
	rel, _ := filepath.Rel(root, p)
	rel = filepath.ToSlash(rel)
	return source{
		path: rel, pkg: path.Dir(rel), test: strings.HasSuffix(p, "_test.go"),
		file: f, fset: fset, rows: strings.Count(string(text), "\n"),
	}, err
}

func (s source) imports() []string {
	var out []string
	for _, i := range s.file.Imports {
		out = append(out, strings.Trim(i.Path.Value, `"`))
	}
	return out
}

// owners says which packages may import a library, and why nobody else may.
func owners() map[string]struct {
	rooms  []string
	reason string
} {
	type rule = struct {
		rooms  []string
		reason string
	}
	return map[string]rule{
		"github.com/vishvananda/netlink":           {[]string{"internal/uplink", "internal/lab", "internal/lab/bench"}, "only uplink talks to the kernel's routing"},
		"github.com/vishvananda/netns":             {[]string{"internal/lab"}, "only the lab moves between namespaces"},
		"github.com/prometheus-community/pro-bing": {[]string{"internal/probe"}, "only probe sends echo requests"},
		"github.com/miekg/dns":                     {[]string{"internal/probe", "internal/update", "internal/lab"}, "only probe asks DNS servers, and only update changes what they say"},
		"github.com/digineo/go-uci/v2":             {[]string{"internal/config"}, "only config reads UCI, and never lets go-uci see a file"},
		"github.com/spf13/afero":                   {[]string{"cmd/imon", "internal/config", "internal/lease", "internal/netconf", "internal/store"}, "only config, lease, netconf and store use files, through a file system that a test can replace"},
		"golang.org/x/term":                        {[]string{"internal/configure"}, "only the dialogue edits lines"},
		"github.com/creack/pty":                    {nil, "only tests play a terminal"},
		"github.com/ncruces/go-strftime":           {[]string{"internal/sink"}, "only the log sink shows dates"},
		"github.com/coreos/go-systemd/v22/daemon":  {[]string{"cmd/imon"}, "only the process itself tells the service manager how it is"},
		"os/exec":       {[]string{"internal/sink", "internal/lab", "internal/lab/bench", "internal/lab/demo", "internal/ubus/ubustest"}, "only the action sink starts programs"},
		"net/http":      {[]string{"internal/probe", "internal/socket", "internal/lab"}, "only probe asks web servers, and only socket is one"},
		"text/template": {nil, "it keeps the linker from dropping unused methods"},
		"html/template": {nil, "it keeps the linker from dropping unused methods"},
		"log":           {[]string{"internal/probe"}, "what happens is an event; sinks write the log"},
		"log/slog":      {nil, "what happens is an event; sinks write the log"},
		"log/syslog":    {nil, "it blocks for ever on a reader that does not read"},
	}
}

// rooms says which rooms of imon each room may import. cmd/imon may import all.
func rooms() map[string][]string {
	monitor := []string{"internal/config", "internal/event", "internal/probe", "internal/uplink", "internal/schedule", "internal/quality"}
	return map[string][]string{
		"internal/build":             nil,
		"internal/config":            nil,
		"internal/configure":         {"internal/config"},
		"internal/store":             nil,
		"internal/event":             nil,
		"internal/probe":             nil,
		"internal/uplink":            nil,
		"internal/schedule":          nil,
		"internal/ddns":              monitor,
		"internal/failover":          monitor,
		"internal/ping":              monitor,
		"internal/updown":            monitor,
		"internal/sink":              {"internal/event", "internal/schedule", "internal/ubus"},
		"internal/update":            {"internal/config", "internal/event", "internal/probe", "internal/schedule"},
		"internal/status":            {"internal/event"},
		"internal/quality":           {"internal/config"},
		"internal/history":           {"internal/event"},
		"internal/ledger":            {"internal/event", "internal/store"},
		"internal/metrics":           {"internal/event", "internal/status"},
		"internal/socket":            {"internal/history", "internal/ledger", "internal/status", "internal/store"},
		"internal/lease":             nil,
		"internal/netconf":           nil,
		"internal/netifd":            {"internal/ubus"},
		"internal/netifd/netifdtest": {"internal/ubus"},
		"internal/daemon":            {"internal/event"},
		"internal/progress":          {"internal/event"},
		"internal/house":             nil,
		"internal/ubus":              nil,

		"internal/ubus/ubustest": {"internal/ubus"},

		"internal/lab":       nil,
		"internal/lab/bench": {"internal/lab"},
		"internal/lab/demo":  {"internal/lab"},
		"internal/lab/peer":  nil,
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	rules := owners()
	for _, s := range parseAll(t) {
		if s.test {
			continue // a test may use what it needs to make the real thing
		}
		for _, i := range s.imports() {
			rule, ok := rules[strings.TrimSuffix(i, "/nl")]
			if ok && !slices.Contains(rule.rooms, s.pkg) {
				t.Errorf("%s imports %s: %s (allowed in %v)", s.path, i, rule.reason, rule.rooms)
			}
		}
	}
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	rules := rooms()
	for _, s := range parseAll(t) {
		if strings.HasPrefix(s.pkg, "cmd/") || s.test {
			continue
		}
		may, known := rules[s.pkg]
		if !known {
			t.Errorf("%s: room %s is not in the plan of docs/design.md", s.path, s.pkg)
			continue
		}
		for _, i := range s.imports() {
			room, ours := strings.CutPrefix(i, module+"/")
			if ours && !slices.Contains(may, room) {
				t.Errorf("%s imports %s: data flows one way (allowed: %v)", s.path, room, may)
			}
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	var lengths []int
	for _, s := range parseAll(t) {
		if s.test {
			continue
		}
		if s.rows > 400 {
			t.Errorf("%s has %d lines: split what does two things (400 at most)", s.path, s.rows)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				lengths = append(lengths, s.fset.Position(f.Body.Rbrace).Line-s.fset.Position(f.Name.Pos()).Line+1)
			}
		}
	}
	sort.Ints(lengths)
	if median := lengths[len(lengths)/2]; median > 12 {
		t.Errorf("the median function has %d lines: 12 at most", median)
	}
	if p90 := lengths[len(lengths)*9/10]; p90 > 45 {
		t.Errorf("one function in ten has more than %d lines: 45 at most", p90)
	}
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	seen := map[string]bool{}
	for _, s := range parseAll(t) {
		if s.test {
			continue
		}
		seen[s.pkg] = true
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			checkDocumented(t, s, d)
		}
	}
	for pkg := range seen {
		if !documented[pkg] {
			t.Errorf("package %s has no comment: say in one sentence what it is for", pkg)
		}
	}
}

func checkDocumented(t *testing.T, s source, d ast.Decl) {
	t.Helper()
	complain := func(pos token.Pos, name string) {
		t.Errorf("%s:%d: %s is exported and has no comment", s.path, s.fset.Position(pos).Line, name)
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			complain(d.Pos(), d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
					complain(spec.Pos(), spec.Name.Name)
				}
			case *ast.ValueSpec:
				if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					complain(spec.Pos(), spec.Names[0].Name)
				}
			}
		}
	}
}

// exportedReceiver reports whether d is a function or a method of an exported
// type: the methods of the others can only be reached through an interface,
// which says what they do.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if index, ok := receiver.(*ast.IndexExpr); ok {
		receiver = index.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

func TestNoInitAndNoMutablePackageVariable(t *testing.T) {
	for _, s := range parseAll(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					t.Errorf("%s has an init function: what happens at start is written in cmd/imon", s.path)
				}
			case *ast.GenDecl:
				checkVars(t, s, d)
			}
		}
	}
}

func checkVars(t *testing.T, s source, d *ast.GenDecl) {
	t.Helper()
	if d.Tok != token.VAR || d.Doc != nil && strings.HasPrefix(d.Doc.List[len(d.Doc.List)-1].Text, "//go:embed ") {
		return
	}
	for _, spec := range d.Specs {
		name := spec.(*ast.ValueSpec).Names[0].Name
		lower := strings.ToLower(name)
		if name == "_" || strings.HasPrefix(lower, "err") || s.pkg == "internal/build" {
			continue // interface checks, errors to compare with, what the linker sets
		}
		t.Errorf("%s: package variable %s: give it to the value that needs it", s.path, name)
	}
}

func TestGoroutinesStartInAHandfulOfPlaces(t *testing.T) {
	count := 0
	for _, s := range parseAll(t) {
		if s.test || strings.HasPrefix(s.pkg, "internal/lab") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				count++
			}
			return true
		})
	}
	if count > 20 {
		t.Errorf("%d go statements: few enough to know each of them (20 at most)", count)
	}
}

func TestNoTestIsSkippedUnasked(t *testing.T) {
	for _, s := range parseAll(t) {
		if !s.test {
			continue
		}
		text, err := os.ReadFile(filepath.Join("../..", s.path))
		if err != nil {
			t.Fatal(err)
		}
		skips := strings.Contains(string(text), "t.Skip") && s.pkg != "internal/house"
		if skips && !strings.Contains(string(text), "IMON_SKIP_ROOT_TESTS") {
			t.Errorf("%s skips a test without being asked by IMON_SKIP_ROOT_TESTS", s.path)
		}
	}
}
