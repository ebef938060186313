package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrMissing is in the error of a fault for which this machine has not what it takes.
var ErrMissing = errors.New("this machine has not what it takes")

// Late is a line on which everything that comes from the internet takes so much
// longer. A kernel without netem has no such queue, so the packets make a detour
// through this process.
func (l *Lab) Late(i int, by time.Duration) Fault {
	return l.detour(i, fmt.Sprintf("replies %v late on line %d", by, i+1), func(packet []byte, send func([]byte)) {
		time.AfterFunc(by, func() { send(packet) })
	})
}

// Duplicated is a line on which every echo reply comes twice.
func (l *Lab) Duplicated(i int) Fault {
	return l.detour(i, fmt.Sprintf("duplicate ICMP replies on line %d", i+1), func(packet []byte, send func([]byte)) {
		send(packet)
		if isEcho(packet) {
			send(packet)
		}
	})
}

// Forged is a line on which no true echo reply comes, but ones with another
// identifier, another sequence number and other contents.
func (l *Lab) Forged(i int) Fault {
	return l.detour(i, fmt.Sprintf("forged ICMP replies on line %d", i+1), func(packet []byte, send func([]byte)) {
		if !isEcho(packet) {
			send(packet)
			return
		}
		for _, at := range []int{ipHeader + 5, ipHeader + 7, len(packet) - 1} {
			forged := slices.Clone(packet)
			forged[at]++
			seal(forged[ipHeader:])
			send(forged)
		}
	})
}

// ipHeader is the length of an IPv4 header without options (RFC 791).
const ipHeader = 20

// isEcho reports whether an IPv4 packet is an ICMP message with contents.
func isEcho(packet []byte) bool {
	return len(packet) > ipHeader+8 && packet[9] == unix.IPPROTO_ICMP
}

// seal puts the right checksum into an ICMP message (RFC 792, RFC 1071).
func seal(message []byte) {
	message[2], message[3] = 0, 0
	var sum uint32
	for n, b := range message {
		sum += uint32(b) << (8 * (1 - n%2))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(message[2:], ^uint16(sum))
}

// detour is a provider that gives every IPv4 packet to the router to handle, which
// may send it on, now or later.
func (l *Lab) detour(i int, name string, handle func(packet []byte, send func([]byte))) Fault {
	const lines = "link set detour up\nroute add default dev detour table 99\nrule add iif far lookup 99 pref 99\n"
	const untracked = "chain pre {\ntype filter hook prerouting priority -300\niifname detour notrack\n}" // NAT is done
	var tunnel *os.File
	var running sync.WaitGroup
	return Fault{name, func() (err error) {
		if err = l.ISPs[i].Do(func() (err error) { tunnel, err = openTunnel("detour"); return err }); err != nil {
			return err
		}
		file := tunnel
		running.Go(func() {
			for buffer := make([]byte, 2048); ; {
				n, err := file.Read(buffer)
				if err != nil {
					return
				}
				handle(slices.Clone(buffer[:n]), func(packet []byte) { file.Write(packet) })
			}
		})
		if err := l.ISPs[i].nft(table("ip", "lab_detour", untracked)); err != nil {
			return err
		}
		return l.ISPs[i].batch(lines)
	}, func() error {
		err := l.ISPs[i].batch("rule del pref 99\n")
		tunnel.Close() // the device and its route go with it
		running.Wait()
		return err
	}}
}

// openTunnel makes a device whose packets are read and written as a file (the kernel's
// networking/tuntap.rst).
func openTunnel(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open a tunnel: %w: %w", ErrMissing, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("cannot make a tunnel: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
