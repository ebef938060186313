package main

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/ejgeiger/imon/internal/lab"
)

// stage is one thing that happens in the router's kernel after a fault.
type stage int

const (
	told  stage = iota // the kernel tells that the primary's link is gone
	moved              // there is a default route by the standby that was not there before
	freed              // the stream's flow is no longer tracked
	stages
)

// watch notes when these things happen. It changes nothing and asks nothing.
type watch struct {
	primary, standby int // indices of the devices
	sockets          []*nl.NetlinkSocket

	mu    sync.Mutex
	marks [stages][]time.Time
}

// Groups of NETLINK_NETFILTER (linux/netfilter/nfnetlink_compat.h).
const conntrackDestroy = 3

// watchRouter starts to watch the lab's router.
func watchRouter(l *lab.Lab) (*watch, error) {
	w := &watch{}
	err := l.Router.Do(func() (err error) {
		for _, group := range [][2]int{{unix.NETLINK_ROUTE, unix.RTNLGRP_LINK}, {unix.NETLINK_ROUTE, unix.RTNLGRP_IPV4_ROUTE},
			{unix.NETLINK_NETFILTER, conntrackDestroy}} {
			s, err := nl.Subscribe(group[0], uint(group[1]))
			if err != nil {
				return err
			}
			w.sockets = append(w.sockets, s)
		}
		for i, index := range []*int{&w.primary, &w.standby} {
			device, err := net.InterfaceByName(l.Uplink(i).Interface)
			if err != nil {
				return err
			}
			*index = device.Index
		}
		return nil
	})
	if err != nil {
		w.close()
		return nil, err
	}
	for i, take := range []func(syscall.NetlinkMessage, time.Time){w.link, w.route, w.flow} {
		go follow(w.sockets[i], take)
	}
	return w, nil
}

func (w *watch) close() {
	for _, s := range w.sockets {
		s.Close()
	}
}

// follow hands over messages until the socket is closed.
func follow(s *nl.NetlinkSocket, take func(syscall.NetlinkMessage, time.Time)) {
	for {
		messages, _, err := s.Receive()
		if err != nil {
			return
		}
		at := time.Now()
		for _, m := range messages {
			take(m, at)
		}
	}
}

func (w *watch) mark(s stage, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.marks[s] = append(w.marks[s], at)
}

func (w *watch) link(m syscall.NetlinkMessage, at time.Time) {
	if len(m.Data) < unix.SizeofIfInfomsg {
		return
	}
	msg := nl.DeserializeIfInfomsg(m.Data)
	carrier := m.Header.Type == unix.RTM_NEWLINK && msg.Flags&unix.IFF_LOWER_UP != 0
	w.mu.Lock()
	ours := int(msg.Index) != w.standby && (int(msg.Index) == w.primary || carrier)
	if carrier && ours {
		w.primary = int(msg.Index) // it was re-plugged
	}
	w.mu.Unlock()
	if ours && !carrier {
		w.mark(told, at)
	}
}

func (w *watch) route(m syscall.NetlinkMessage, at time.Time) {
	if m.Header.Type != unix.RTM_NEWROUTE || len(m.Data) < unix.SizeofRtMsg {
		return
	}
	msg := nl.DeserializeRtMsg(m.Data)
	attributes, err := nl.ParseRouteAttr(m.Data[unix.SizeofRtMsg:])
	if err == nil && msg.Dst_len == 0 && msg.Table == unix.RT_TABLE_MAIN && slices.ContainsFunc(attributes, w.byStandby) {
		w.mark(moved, at)
	}
}

// byStandby reports whether an attribute says that a route leads through the standby.
func (w *watch) byStandby(a syscall.NetlinkRouteAttr) bool {
	return a.Attr.Type == unix.RTA_OIF && int(nl.NativeEndian().Uint32(a.Value)) == w.standby
}

func (w *watch) flow(m syscall.NetlinkMessage, at time.Time) {
	echo := netip.MustParseAddr(lab.EchoHost).AsSlice()
	if bytes.Contains(m.Data, echo) {
		w.mark(freed, at)
	}
}

// first is when a stage was reached first after from; zero when it was not.
func (w *watch) first(s stage, from time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.marks[s] {
		if at.After(from) {
			return at
		}
	}
	return time.Time{}
}
