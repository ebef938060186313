package main

import (
	"os/exec"
)

// first makes the default route of the primary uplink, which peers that only
// act on changes expect.
const first = "route replace default via @GW1@ dev @IF1@ metric 201\n"

// startKernel leaves it to the kernel: the second route is used when the first
// one is gone or has no carrier.
func startKernel(r *rig) error {
	const ignore = `for f in /proc/sys/net/ipv4/conf/*/ignore_routes_with_linkdown; do echo 1 >$f; done`
	if err := r.lab.Router.Command(r.ctx, "sh", "-c", ignore).Run(); err != nil {
		return err
	}
	return r.ip(first + "route replace default via @GW2@ dev @IF2@ metric 202\n")
}

// startKeepalived starts keepalived(8).
func startKeepalived(r *rig) error {
	path, err := r.write("keepalived.conf")
	if err != nil {
		return err
	}
	if err := r.rules(); err != nil {
		return err
	}
	return r.run("keepalived", "--dont-fork", "--log-console", "--vrrp", "--use-file", path,
		"--pid", r.dir+"/pid", "--vrrp_pid", r.dir+"/vrrp.pid")
}

// startShell starts one shell script for each uplink.
func startShell(interval, down, up string) func(*rig) error {
	return func(r *rig) error {
		path, err := r.write("tracker.sh")
		if err != nil {
			return err
		}
		if err := r.rules(); err != nil {
			return err
		}
		for _, n := range [][2]string{{"1", "2"}, {"2", "1"}} {
			if err := r.run("busybox", "sh", path, r.dir, n[0], n[1], interval, down, up); err != nil {
				return err
			}
		}
		return nil
	}
}

// startDpinger starts one dpinger for each uplink, and the first default route.
func startDpinger(program string) func(*rig) error {
	return func(r *rig) error {
		path, err := r.write("alarm.sh")
		if err != nil {
			return err
		}
		if err := r.rules(); err != nil {
			return err
		}
		if program, err = exec.LookPath(program); err != nil {
			return err
		}
		for i, n := range []string{"1", "2"} {
			address := r.lab.Uplink(i).Address.Addr().String()
			if err := r.run(program, "-f", "-B", address, "-s", "250m", "-l", "1s", "-t", "4s", "-A", "250m", "-H", "1s",
				"-L", "20", "-r", "0", "-o", "/dev/null", "-C", "sh "+path+" "+r.dir+" "+n, target); err != nil {
				return err
			}
		}
		return r.ip(first)
	}
}
