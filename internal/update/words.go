package update

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/probe"
)

// verdict is what a provider's answer means; nil when it took the addresses. With
// strict it must be one of the words of dyndns2; otherwise a status 2xx is enough,
// unless the answer says something else.
func verdict(page probe.Page, strict bool) error {
	word, _, _ := strings.Cut(strings.TrimSpace(page.Body)+" ", " ")
	word, _, _ = strings.Cut(word, "\n")
	why, hold, known := meaning(strings.ToLower(strings.TrimSpace(word)))
	good := page.Status >= 200 && page.Status <= 299
	switch {
	case known && why == "" && good:
		return nil
	case known && why != "":
		return &refusal{word + ": " + why, hold}
	case page.Status == 401, page.Status == 403:
		return &refusal{fmt.Sprintf("status %d: user name or password is wrong, or not for this name", page.Status), refusalHold}
	case page.Status == 429:
		return &refusal{"status 429: it was told too often", min(max(troubleHold, page.Pause), refusalHold)}
	case !good:
		return fmt.Errorf("status %d", page.Status)
	case strict:
		return fmt.Errorf("unexpected answer %s", quoted(page.Body))
	default:
		return complaint(page.Body)
	}
}

// meaning is what a word of the dyndns2 protocol means, why being empty when the
// address was taken. Those that say that the configuration is wrong, or that the
// client behaves badly, hold for a day: to repeat them gets a name blocked.
func meaning(word string) (why string, hold time.Duration, known bool) {
	switch word {
	case "good", "nochg":
		return "", 0, true
	case "911":
		return "the provider has a fault of its own", troubleHold, true
	case "dnserr":
		return "the provider's name server has a fault", troubleHold, true
	case "badauth":
		why = "user name or password is wrong"
	case "badsys":
		why = "the provider does not know this kind of request"
	case "badagent":
		why = "the provider does not want imon, or wants other parameters"
	case "!donator":
		why = "the account has not paid for that"
	case "!yours":
		why = "the name belongs to another account"
	case "nohost":
		why = "the account has no such name"
	case "notfqdn":
		why = "the name is not complete"
	case "numhost":
		why = "too many names at once, or the name is ambiguous"
	case "abuse":
		why = "the name is blocked for too many updates"
	default:
		return "", 0, false
	}
	return why, refusalHold, true
}

// complaint is how a few providers say with status 200 that they did nothing: DuckDNS
// "KO", FreeDNS "ERROR: …" (also of an address that has not changed, which is fine),
// Namecheap a count of errors in XML.
func complaint(body string) error {
	start := strings.ToUpper(strings.TrimSpace(body))
	_, count, counted := strings.Cut(start, "<ERRCOUNT>")
	switch {
	case strings.HasPrefix(start, "ERROR") && strings.Contains(start, "HAS NOT CHANGED"):
		return nil
	case start == "KO", strings.HasPrefix(start, "ERROR"), counted && !strings.HasPrefix(count, "0<"):
		return fmt.Errorf("it answered %s", quoted(body))
	}
	return nil
}

// quoted is what a stranger wrote, cut and with control characters escaped.
func quoted(s string) string {
	const longest = 60
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}
