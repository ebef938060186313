package sink

import (
	"strings"

	"github.com/ejgeiger/imon/internal/event"
)

// Text is what the log says about e, on one line without date and instance. It has no
// control characters.
func Text(e event.Event) string {
	var texts []string
	for _, l := range lines(e) {
		texts = append(texts, l.text)
	}
	return clean(prefix(e) + strings.Join(texts, "; "))
}
