package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/lab"
	"github.com/ejgeiger/imon/internal/socket"
)

// all runs verbs until one fails.
func all(verbs ...func() error) func() error {
	return func() error {
		for _, verb := range verbs {
			if err := verb(); err != nil {
				return err
			}
		}
		return nil
	}
}

// withCut is a fault of the process during which the first cable is cut.
func (d *trial) withCut(name string, inject, restore func() error) lab.Fault {
	cut := d.CutISP(0)
	return lab.NewFault(name, all(inject, cut.Inject), all(cut.Restore, restore))
}

// nothing is a verb that does nothing.
func nothing() error { return nil }

// newModem is another subnet on the first line by another device: what the router knew
// of its neighbours is worth nothing, so that the configured gateway is gone.
func (d *trial) newModem() lab.Fault {
	return lab.Together("line 1 renumbered, gateway too", d.RenumberGateway(0), lab.NewFault("neighbours", func() error {
		_, err := d.Router.Run("neigh", "flush", "dev", d.Lab.Uplink(0).Interface)
		return err
	}, nil))
}

// privateTablesFlushed is somebody who empties the tables of both uplinks.
func (d *trial) privateTablesFlushed() lab.Fault {
	return lab.NewFault("imon's private tables emptied", func() error {
		rules, err := d.Router.Run("rule")
		for _, m := range regexp.MustCompile(`lookup (\d+)`).FindAllStringSubmatch(rules, -1) {
			if _, e := d.Router.Run("route", "flush", "table", m[1]); e != nil {
				err = e
			}
		}
		return err
	}, nil)
}

// overrun is more news of the kernel than imon's socket takes while imon does not read
// (ENOBUFS, netlink(7)), and among them that its default route is gone.
func (d *trial) overrun() lab.Fault {
	return lab.NewFault("netlink overrun", all(
		func() error { return d.Signal(syscall.SIGSTOP) },
		d.RouteStorm(4000).Inject, d.DefaultDeleted().Inject, d.RouteStorm(4000).Inject,
		func() error { return d.Signal(syscall.SIGCONT) },
	), nil)
}

// stopped is imon stopped while a cable is cut, and continued.
func (d *trial) stopped() lab.Fault {
	return d.withCut("stopped and continued (SIGSTOP)", func() error {
		if err := d.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		time.AfterFunc(500*time.Millisecond, func() { d.Signal(syscall.SIGCONT) })
		return nil
	}, nothing)
}

// killed is imon killed and started again.
func (d *trial) killed() lab.Fault {
	return lab.NewFault("killed (SIGKILL) and started again", func() error { return d.revive(nil) }, nil)
}

// killedDuringASwitch is imon killed at any moment of a failover, and started again.
func (d *trial) killedDuringASwitch() lab.Fault {
	cut := d.CutISP(0)
	return lab.NewFault("killed during a failover", all(cut.Inject, func() error {
		time.Sleep(time.Duration(d.rng.Int64N(int64(50 * time.Millisecond)))) // the moment is what is tried
		return d.revive(nil)
	}), cut.Restore)
}

// withoutFiles is imon without a file descriptor to open anything with.
func (d *trial) withoutFiles() lab.Fault {
	limit := func(n uint64) error {
		return unix.Prlimit(d.Pid(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: 4096}, nil)
	}
	return d.withCut("no file descriptor left",
		func() error { return limit(3) },
		func() error { return limit(1024) })
}

// withinMemory is imon in a control group that has no more memory than that, all told:
// its own, the kernel's for it, and the files that it reads.
func (d *trial) withinMemory(mebibytes int) lab.Fault {
	name := fmt.Sprintf("memory limit of %d MiB", mebibytes)
	var group string
	return d.withCut(name, func() (err error) {
		if group, err = newGroup(mebibytes << 20); err != nil {
			return err
		}
		return d.revive(func() { d.confine(group) }, "sh", "-c", `kill -STOP $$; exec "$@"`, "sh")
	}, func() error {
		killed := ooms(group)
		if err := d.revive(nil); err != nil {
			return err
		}
		if err := d.wait("an empty control group", func() bool { return os.Remove(group) == nil }); err != nil {
			return err
		}
		if killed != "0" {
			return fmt.Errorf("%s processes were killed for want of memory", killed)
		}
		return nil
	})
}

// confine puts the stopped program that is to become imon into a control group, and
// has it go on.
func (d *trial) confine(group string) {
	d.until("the program has stopped", func() bool {
		return strings.Contains(content(fmt.Sprintf("/proc/%d/status", d.Pid())), "State:\tT")
	})
	if err := os.WriteFile(group+"/cgroup.procs", fmt.Append(nil, d.Pid()), 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := d.Signal(syscall.SIGCONT); err != nil {
		d.t.Fatal(err)
	}
}

// newGroup makes a control group with a limit of memory (cgroups(7), either version).
func newGroup(limit int) (string, error) {
	for root, file := range map[string]string{"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"} {
		group := filepath.Join(root, fmt.Sprintf("imon-test-%d-%d", os.Getpid(), time.Now().UnixNano()))
		if os.Mkdir(group, 0o755) != nil {
			continue
		}
		f, err := os.OpenFile(filepath.Join(group, file), os.O_WRONLY, 0) // which the kernel has made
		if err == nil {
			_, err = fmt.Fprint(f, limit)
			f.Close()
		}
		if err == nil {
			return group, nil
		}
		os.Remove(group)
	}
	return "", fmt.Errorf("cannot limit memory: %w: no control groups that have it", lab.ErrMissing)
}

// ooms is how many processes of a group were killed for want of memory.
func ooms(group string) string {
	text := content(group+"/memory.events") + content(group+"/memory.oom_control")
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok {
			return strings.TrimSpace(n)
		}
	}
	return "unknown"
}

// syslogGone is imon that writes to syslog, which is not there.
func (d *trial) syslogGone() lab.Fault {
	return d.withCut("syslog gone", func() error { return d.logTo(d.t.TempDir()) }, func() error { return d.revive(nil) })
}

// syslogBlocked is a syslog daemon that does not read.
func (d *trial) syslogBlocked() lab.Fault {
	var socket net.PacketConn
	return d.withCut("syslog blocked", func() (err error) {
		dir, err := os.MkdirTemp(d.directory, "log")
		if err != nil {
			return err
		}
		if socket, err = net.ListenPacket("unixgram", filepath.Join(dir, "log")); err != nil {
			return err
		}
		return d.logTo(dir)
	}, func() error { return all(socket.Close, func() error { return d.revive(nil) })() })
}

// logTo starts imon anew, with syslog where its own view of /run is that directory;
// ip-netns(8) gives it a view of its own.
func (d *trial) logTo(dir string) error {
	if f, err := os.Lstat("/dev/log"); err == nil && f.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("cannot do without syslog: %w: its /dev/log is no link into /run", lab.ErrMissing)
	}
	return d.revive(nil, "sh", "-c", `mount --bind "$0" /run && program=$1 && shift 2 && exec "$program" "$@"`, dir)
}

// diskFull is no room left for what imon keeps.
func (d *trial) diskFull() lab.Fault {
	file := filepath.Join(d.state, "fill")
	return d.withCut("disk full", func() error {
		if err := os.WriteFile(file, make([]byte, 2<<20), 0o644); err == nil {
			return fmt.Errorf("the disk takes everything")
		}
		return nil
	}, func() error { return os.Remove(file) })
}

// diskReadOnly is a directory of what imon keeps that nobody can write to.
func (d *trial) diskReadOnly() lab.Fault {
	remount := func(flags uintptr) func() error {
		return func() error { return unix.Mount("none", d.state, "tmpfs", unix.MS_REMOUNT|flags, "size=1m") }
	}
	return d.withCut("disk read-only", remount(unix.MS_RDONLY), remount(0))
}

// action is an action script that does something else than it should.
func (d *trial) action(how, text string) lab.Fault {
	return d.withCut("action script "+how, func() error { return d.write(text) }, func() error { return d.write(quiet) })
}

// flooded is a client that asks for everything as often as it can.
func (d *trial) flooded() lab.Fault {
	return d.withCut("a client floods the socket", func() error {
		client := socket.NewClient(d.socket())
		for range 100 {
			if _, err := client.Status(d.t.Context(), ""); err != nil {
				return err
			}
			if _, _, err := client.Events(d.t.Context(), 0); err != nil {
				return err
			}
		}
		return nil
	}, nothing)
}

// actionDeleted is an action script that is deleted while imon runs.
func (d *trial) actionDeleted() lab.Fault {
	return d.withCut("action script deleted", func() error { return os.Remove(d.script) }, func() error { return d.write(quiet) })
}

// ubusdKilled is the message bus gone, and back.
func (d *trial) ubusdKilled() lab.Fault {
	return lab.NewFault("ubusd killed",
		func() error { d.ubusd.Kill(); return nil },
		func() error { d.ubusd.Restart(); return nil })
}
