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

// Hide returns a text of the setting as messages may show it: no secret, and of a
// URL not the part in which many providers want their token.
func (k Key) Hide(text string) string {
	if text == "" || k.Kind != KindSecret && k.Kind != KindServer {
		return text
	}
	if _, rule := parseServer(text); k.Kind == KindSecret || rule != "" {
		return hidden
	}
	scheme, rest, isURL := strings.Cut(text, "://")
	if end := strings.IndexAny(rest, "/?#"); isURL && end >= 0 {
		return scheme + "://" + rest[:end] + "/" + hidden
	}
	return text
}
