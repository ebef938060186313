package uplink

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// conntrackText is what connection tracking knows, a line for each flow. To read it takes
// a tenth of the time of a dump by netlink, for which the kernel locks each of some hundred
// thousand buckets, used or not.
const conntrackText = "/proc/thread-self/net/nf_conntrack"

// errMore says that there is more than was read: flows that the text does not describe
// well enough, too many, or too late.
var errMore = errors.New("there may be more flows")

// tuple is the first direction of an IPv4 flow, by which the kernel finds it.
type tuple struct {
	source, destination netip.Addr
	protocol            byte
	ports               [2]uint16 // source and destination
	id                  uint16    // of ICMP, with the next two
	kind, code          byte
	zone                uint16
}

// flowsInText returns the requests to remove the IPv4 flows that leave with source address
// a, read until then. With errMore these are not all.
func flowsInText(a netip.Addr, flags int, deadline time.Time) (requests [][]byte, err error) {
	file, err := os.Open(conntrackText)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	leaves := []byte(" dst=" + a.String() + " ")
	var more error
	for lines := bufio.NewScanner(file); ; {
		switch {
		case !lines.Scan():
			return requests, errors.Join(more, lines.Err())
		case len(requests) == maxLeaving, time.Now().After(deadline):
			return requests, errMore
		case !bytes.Contains(lines.Bytes(), leaves):
			continue
		}
		flow, to, ok := parseTuple(lines.Bytes())
		switch {
		case !ok:
			more = errMore
		case to == a:
			requests = append(requests, flow.removal(flags))
		}
	}
}

// parseTuple reads a line of nf_conntrack: the flow's first direction, and where its
// replies go. It is not ok for what is not IPv4 or of another protocol than ICMP and those
// that have ports.
func parseTuple(line []byte) (t tuple, leaves netip.Addr, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) < 5 || string(fields[0]) != "ipv4" {
		return t, leaves, false
	}
	protocol, err := strconv.ParseUint(string(fields[3]), 10, 8)
	if err != nil {
		return t, leaves, false
	}
	t.protocol = byte(protocol)
	first, found := map[string]string{}, map[string]string{}
	for _, field := range fields[4:] {
		key, value, _ := bytes.Cut(field, []byte("="))
		if _, have := first[string(key)]; !have {
			first[string(key)] = string(value)
		} else {
			found[string(key)] = string(value)
		}
	}
	number := func(key string, bits int) uint64 {
		n, err := strconv.ParseUint(first[key], 10, bits)
		if err != nil {
			ok = false
		}
		return n
	}
	ok = true
	switch t.protocol {
	case unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_UDPLITE, unix.IPPROTO_SCTP, unix.IPPROTO_DCCP:
		t.ports = [2]uint16{uint16(number("sport", 16)), uint16(number("dport", 16))}
	case unix.IPPROTO_ICMP:
		t.id, t.kind, t.code = uint16(number("id", 16)), byte(number("type", 8)), byte(number("code", 8))
	default:
		return t, leaves, false
	}
	for _, key := range []string{"zone", "zone-orig"} {
		if _, have := first[key]; have {
			t.zone = uint16(number(key, 16))
		}
	}
	var errs [3]error
	t.source, errs[0] = netip.ParseAddr(first["src"])
	t.destination, errs[1] = netip.ParseAddr(first["dst"])
	leaves, errs[2] = netip.ParseAddr(found["dst"])
	return t, leaves, ok && errors.Join(errs[:]...) == nil && t.source.Is4() && t.destination.Is4() && leaves.Is4()
}

// removal is the request to remove the flow.
func (t tuple) removal(flags int) []byte {
	big := func(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
	r := newRemoval(flags)
	whole := nl.NewRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_ORIG, nil)
	ip := whole.AddRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_IP, nil)
	ip.AddRtAttr(nl.CTA_IP_V4_SRC, t.source.AsSlice())
	ip.AddRtAttr(nl.CTA_IP_V4_DST, t.destination.AsSlice())
	proto := whole.AddRtAttr(unix.NLA_F_NESTED|nl.CTA_TUPLE_PROTO, nil)
	proto.AddRtAttr(nl.CTA_PROTO_NUM, []byte{t.protocol})
	if t.protocol == unix.IPPROTO_ICMP {
		proto.AddRtAttr(ctaProtoICMPID, big(t.id))
		proto.AddRtAttr(ctaProtoICMPType, []byte{t.kind})
		proto.AddRtAttr(ctaProtoICMPCode, []byte{t.code})
	} else {
		proto.AddRtAttr(nl.CTA_PROTO_SRC_PORT, big(t.ports[0]))
		proto.AddRtAttr(nl.CTA_PROTO_DST_PORT, big(t.ports[1]))
	}
	r.AddData(whole)
	if t.zone != 0 {
		r.AddData(nl.NewRtAttr(nl.CTA_ZONE, big(t.zone)))
	}
	return r.Serialize()
}

// forgetByText removes the flows that leave with a, of which each is confirmed by the
// kernel. With an error some may be left.
func forgetByText(a netip.Addr) error {
	requests, err := flowsInText(a, unix.NLM_F_ACK, time.Now().Add(time.Second))
	if len(requests) == 0 {
		return err
	}
	socket, failed := openSocket(unix.NETLINK_NETFILTER)
	if failed != nil {
		return failed
	}
	defer unix.Close(socket)
	var reply [256]byte
	for _, request := range requests {
		if err := unix.Sendto(socket, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		n, _, err := unix.Recvfrom(socket, reply[:], 0)
		if err != nil {
			return err
		}
		if n < unix.SizeofNlMsghdr+4 {
			return fmt.Errorf("the kernel confirms in %d bytes", n)
		}
		switch errno := unix.Errno(-int32(nl.NativeEndian().Uint32(reply[unix.SizeofNlMsghdr:]))); errno {
		case 0, unix.ENOENT:
		default:
			return errno
		}
	}
	return err
}
