package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// oneOf is the word that text is, in lower case.
func oneOf[T ~string](text string, kind Kind, words ...T) (T, string) {
	word := T(strings.ToLower(text))
	if !slices.Contains(words, word) {
		return "", kind.rule()
	}
	return word, ""
}

func parseSource(text string) (string, string) {
	return oneOf(text, KindSources, SourceInterface, SourceDNS, SourceHTTP, SourceCommand)
}

func parseFollow(text string) (Follow, string) {
	return oneOf(text, KindFollow, FollowActive, FollowEach)
}

func parseUpdate(text string) (Update, string) {
	return oneOf(text, KindUpdate, UpdateNone, UpdateRFC2136, UpdateDynDNS2, UpdateURL)
}

// parseAlgorithm takes those of RFC 8945, section 6, that are not to be given up.
func parseAlgorithm(text string) (string, string) {
	return oneOf(strings.TrimSuffix(text, "."), KindAlgorithm, "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
}

// parseName takes a name, and no address that looks like one.
func parseName(text string) (string, string) {
	if text == "" || isName(text) {
		return text, ""
	}
	return "", KindName.rule()
}

// parseSecret is parseText; what breaks the rule is not shown.
func parseSecret(text string) (string, string) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", KindSecret.rule()
	}
	return text, ""
}

// Placeholders are the texts in a URL of [Delivery] that stand for something else,
// with that in their names.
func Placeholders() []string {
	return []string{"{ip}", "{ip6}", "{hostname}", "{username}", "{password}"}
}

func parseServer(text string) (string, string) {
	if strings.Contains(text, "://") {
		return text, serverURL(text)
	}
	host, port, err := net.SplitHostPort(text)
	if n, _ := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		host = text
	}
	if text == "" || isName(host) || isAddress(host) {
		return text, ""
	}
	return "", KindServer.rule()
}

// serverURL is the rule that a URL with placeholders breaks.
func serverURL(text string) string {
	for _, p := range Placeholders() {
		text = strings.ReplaceAll(text, p, "x")
	}
	u, err := url.Parse(text)
	if err != nil || !isWebURL(u) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '{' || r == '}'
	}) {
		return KindServer.rule()
	}
	return ""
}

// hidden stands for what nobody is to see.
const hidden = "***"

// Hide returns a text of the setting as messages may show it: no secret, of a URL no
// login, and of one in which many providers want their token not even its path.
func (k Key) Hide(text string) string {
	switch {
	case text == "":
		return ""
	case k.Kind == KindSecret:
		return hidden
	case k.Kind == KindServer:
		return hideToken(text)
	case k.Kind == KindURLs || strings.Contains(text, "://"):
		return hideLogin(text)
	default:
		return text
	}
}

func hideToken(text string) string {
	if _, rule := parseServer(text); rule != "" {
		return hidden
	}
	scheme, rest, isURL := strings.Cut(text, "://")
	if end := strings.IndexAny(rest, "/?#"); isURL && end >= 0 {
		return scheme + "://" + rest[:end] + "/" + hidden
	}
	return text
}

// hideLogin hides what may be a user and a password: all in front of an @, however
// the text is quoted, and what stands where a port should and is none. It would
// rather hide too much.
func hideLogin(text string) string {
	start := strings.Index(text, "://")
	if start >= 0 {
		start += len("://")
	}
	head, rest := text[:max(0, start)], text[max(0, start):]
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		return head + hidden + rest[at:]
	}
	host, _, _ := strings.Cut(rest, "/")
	colon := strings.LastIndex(host, ":")
	if start < 0 || colon < 0 || strings.HasSuffix(host, "]") || strings.Trim(host[colon+1:], digits) == "" {
		return text
	}
	return head + host[:colon+1] + hidden
}
