package sink

import (
	"fmt"

	"github.com/ejgeiger/imon/internal/event"
)

// plainReason is why most targets are offline. It goes without saying.
const plainReason = "no answer"

// line is one line of the log, without date and instance.
type line struct {
	severity event.Severity
	text     string
}

// lines is what the log says about e. Texts that existed before imon was
// written in Go are word for word those; whatever is new has a line of its own.
func lines(e event.Event) []line {
	switch e.Kind {
	case event.Message:
		return []line{{messageSeverity(e), e.Text}}
	case event.PingResult:
		return []line{{event.Info, pingText(e)}} // why is said once, by the monitor
	case event.PingDegraded:
		return []line{{event.Warning, "Ping target " + e.Target + " is degraded: " + e.Text}}
	case event.PingRecovered:
		return []line{{event.Notice, "Ping target " + e.Target + " is not degraded any more"}}
	case event.DDNSUpdate:
		return []line{{event.Notice, fmt.Sprintf("External IP Address%s changed from %s to %s", whose(e), oldAddress(e), e.Address)}}
	case event.DDNSNoUpdate:
		return withReason(e, line{event.Warning, "%% Unable to obtain External IP Address" + whose(e)})
	case event.UpdownInitial, event.UpdownOnline, event.UpdownOffline, event.UpdownSecondary, event.UpdownRefuted:
		return updownLines(e)
	default:
		return failoverLines(e)
	}
}

// prefix is what stands before each line of e, for what the Python imon did not have.
func prefix(e event.Event) string {
	var p string
	if e.DryRun {
		p = "Dry run: "
	}
	if e.Monitor == event.Failover6 || e.Monitor == event.DDNS6 {
		p += "IPv6: "
	}
	return p
}

// whose says which uplink's address e is about, where each has one.
func whose(e event.Event) string {
	if e.Uplink.Role == "" {
		return ""
	}
	return " of " + e.Uplink.Role + " Network " + e.Uplink.Device()
}

// updownLines are the lines of the updown monitor.
func updownLines(e event.Event) []line {
	switch e.Kind {
	case event.UpdownInitial:
		if e.Online {
			return []line{{event.Notice, "Monitored IP " + e.Target + " online"}}
		}
		return []line{{event.Warning, "Monitored IP " + e.Target + " is offline at start" + after(": ", e.Text)}}
	case event.UpdownOnline:
		return []line{
			{event.Notice, "Monitored IP " + e.Target + " online"},
			{event.Info, "Outage Duration: " + longDuration(e.Outage)},
		}
	case event.UpdownOffline:
		return withReason(e, line{event.Warning, "Monitored IP " + e.Target + " offline"})
	case event.UpdownSecondary:
		return withReason(e, line{verdict(e.Online), "Secondary IP " + e.Target + " " + state(e.Online)})
	case event.UpdownRefuted:
		return []line{{event.Notice, fmt.Sprintf("Offline of %s refuted by DNS query of '%s' on DNS server '%s'",
			e.Target, e.DNSName, e.DNSServer)}}
	}
	return nil
}

// failoverLines are the lines of the failover monitor.
func failoverLines(e event.Event) []line {
	role, device := e.Uplink.Role, e.Uplink.Device()
	network := role + " Network " + device
	switch e.Kind {
	case event.FailoverInitial:
		return withReason(e, line{verdict(e.Online), "Network Failover Initial State for " + network + ": " + state(e.Online)})
	case event.FailoverPrimary, event.FailoverStandby, event.FailoverUplink:
		return []line{
			{event.Notice, "Network Failover to " + network},
			{event.Notice, "Network Failover " + role + " Route " + device + " is active"},
		}
	case event.FailoverBothDown:
		if e.Uplinks > 2 {
			return []line{{event.Warning, fmt.Sprintf("All %d Networks are offline", e.Uplinks)}}
		}
		return []line{{event.Warning, "Both Primary and Standby Networks are offline"}}
	case event.FailoverDegraded:
		return []line{{event.Warning, network + " is degraded: " + e.Text}}
	case event.FailoverRecovered:
		return []line{{event.Notice, network + " is not degraded any more"}}
	case event.FailoverPostping:
		if e.Online {
			return []line{{event.Info, "Info: " + role + " Network Ping Target " + e.Target + " Online After Failover"}}
		}
		return withReason(e, line{event.Warning, "Warn: " + role + " Network Ping Target " + e.Target + " Not Responding After Failover"})
	case event.FailoverForced:
		if role == "" {
			return []line{{event.Notice, "Network Failover decides by itself again"}}
		}
		return []line{{event.Notice, "Network Failover keeps to " + network + ", as told, whenever it is online"}}
	case event.FailoverUplinkOnline:
		return []line{
			{event.Notice, network + " is now online"},
			{event.Info, role + " Network Outage Duration: " + longDuration(e.Outage)},
		}
	case event.FailoverUplinkOffline:
		return withReason(e, line{event.Warning, network + " is now offline"})
	}
	return nil
}

// pingText is the line of one finished round.
func pingText(e event.Event) string {
	r := e.Round
	return fmt.Sprintf("Ping Result: IP:%s State:%s minrtt:%s avgrtt:%s maxrtt:%s loss:%s jitter:%s", e.Target,
		pyBool(r.Alive()), millis(r.Min), millis(r.Avg), millis(r.Max), float(r.Loss, 2), millis(r.Jitter))
}

// withReason adds a line that says why, when there is more to say than that
// nobody answered.
func withReason(e event.Event, l line) []line {
	if e.Text == "" || e.Text == plainReason {
		return []line{l}
	}
	return []line{l, {event.Info, "Reason: " + e.Text}}
}

// messageSeverity is the severity of a message; one that was not set is Info.
func messageSeverity(e event.Event) event.Severity {
	if e.Severity == 0 {
		return event.Info
	}
	return e.Severity
}

// verdict is the severity of a verdict that is reported.
func verdict(online bool) event.Severity {
	if online {
		return event.Notice
	}
	return event.Warning
}

// oldAddress is the external address before the change, in words.
func oldAddress(e event.Event) string {
	if !e.OldAddress.IsValid() {
		return "unknown"
	}
	return e.OldAddress.String()
}

// after is s behind a separator, or nothing when s is empty.
func after(separator, s string) string {
	if s == "" {
		return ""
	}
	return separator + s
}
