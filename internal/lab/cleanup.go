package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// resolver lets names in the router and on the LAN host be resolved by the
// lab's name servers.
func (l *Lab) resolver() error {
	const conf = "nameserver 8.8.8.8\nnameserver 1.1.1.1\noptions timeout:1 attempts:1\n"
	for _, ns := range []*NS{l.Router, l.LAN} {
		if err := writeEtc(ns.name, "resolv.conf", conf); err != nil {
			return err
		}
	}
	return nil
}

// writeEtc writes a file of /etc as programs in the namespace will see it. A
// lab that closes at the same moment may remove the empty parent: try again.
func writeEtc(ns, file, text string) error {
	dir := filepath.Join(etcNetns, ns)
	var err error
	for range 5 {
		if err = os.MkdirAll(dir, 0o755); err != nil {
			continue
		}
		if err = os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err == nil {
			return nil
		}
	}
	return err
}

// remove ends the processes of the namespace, then removes it and its files.
// One that does not exist is no error. A process that entered at the last
// moment is ended after the name is gone.
func (n *NS) remove() error {
	var err error
	if id, there := identify(n.path()); there {
		err = id.killAll()
		if _, e := run(exec.Command("ip", "netns", "del", n.name)); e != nil && exists(n.path()) {
			err = errors.Join(err, e)
		}
		err = errors.Join(err, id.killAll())
	}
	err = errors.Join(err, os.RemoveAll(filepath.Join(etcNetns, n.name)))
	os.Remove(etcNetns) // only when it is empty
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// identity tells namespaces apart even after their names are gone (namespaces(7)).
type identity struct{ device, inode uint64 }

// identify returns whose the file is; ok is false when it does not exist.
func identify(path string) (id identity, ok bool) {
	var stat unix.Stat_t
	err := unix.Stat(path, &stat)
	return identity{uint64(stat.Dev), stat.Ino}, err == nil
}

// killAll kills every process in the namespace and waits until they are gone.
func (id identity) killAll() error {
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(time.Millisecond) {
		pids := id.pids()
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("cannot end processes %v in a namespace of the lab", pids)
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Pids are the processes in the namespace, without this one.
func (n *NS) Pids() []int {
	id, there := identify(n.path())
	if !there {
		return nil
	}
	return id.pids()
}

// pids are the processes in the namespace, without this one.
func (id identity) pids() []int {
	var pids []int
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, _ := strconv.Atoi(filepath.Base(process))
		if other, ok := identify(process + "/ns/net"); ok && other == id && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// removeStale removes the namespaces and files of labs whose process is dead.
func removeStale() error {
	var errs []error
	for _, name := range leftovers(runNetns, etcNetns) {
		errs = append(errs, (&NS{filepath.Base(name)}).remove())
	}
	for _, dir := range leftovers(os.TempDir()) {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// leftovers are the paths in dirs that belong to a lab of a dead process.
func leftovers(dirs ...string) []string {
	var found []string
	for _, dir := range dirs {
		paths, _ := filepath.Glob(filepath.Join(dir, "imon-*-*"))
		for _, path := range paths {
			if stale(filepath.Base(path)) {
				found = append(found, path)
			}
		}
	}
	return found
}

// stale reports whether a name was given by a lab of a dead process:
// imon-PID-NUMBER, perhaps with a suffix.
func stale(name string) bool {
	fields := strings.Split(name, "-")
	if len(fields) < 3 || fields[0] != "imon" {
		return false
	}
	pid, err := strconv.Atoi(fields[1])
	return err == nil && pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
