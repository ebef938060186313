package main

import (
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// lifetime of an answer, in seconds: short, so that every look-up is a real one.
const lifetime = 1

// zone is what the name server knows: names in small letters, without the final dot.
type zone map[string]netip.Addr

// serve answers queries until conn is closed; what is no query is ignored.
func (z zone) serve(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if reply, err := z.answer(buffer[:n]); err == nil {
			conn.WriteTo(reply, from)
		}
	}
}

// answer returns the reply to a query (RFC 1035 section 4): the address of a
// known name, no record of another type, NXDOMAIN for all other names. The
// error is that of a query that cannot be read.
func (z zone) answer(query []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: header.ID, Response: true, Authoritative: true,
			RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
		},
		Questions: []dnsmessage.Question{question},
	}
	address, known := z[strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))]
	switch {
	case !known:
		reply.RCode = dnsmessage.RCodeNameError
	case question.Type == dnsmessage.TypeA:
		reply.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: lifetime},
			Body:   &dnsmessage.AResource{A: address.As4()},
		}}
	}
	return reply.Pack()
}
