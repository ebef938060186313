package sink

import (
	"io"

	"github.com/ncruces/go-strftime"
)

// defaultDatefmt is the date of a terminal's line when none is configured.
const defaultDatefmt = "%Y-%m-%d %H:%M:%S"

// maxDate is how many bytes of a line the date may take, so that there is room for
// what the line says.
const maxDate = 200

// terminal writes lines with a date, for --nosyslog.
type terminal struct{ w io.Writer }

// write writes one line in one call. A directive that strftime does not know
// stands in the line as it is, as strftime(3) does it: a wrong format costs no
// line.
func (t terminal) write(r record) error {
	datefmt := r.datefmt
	if datefmt == "" {
		datefmt = defaultDatefmt
	}
	date := cleanWithin(strftime.Format(datefmt, r.time.Local()), maxDate)
	_, err := io.WriteString(t.w, clean(date+" "+r.text)+"\n")
	return err
}

func (t terminal) close() {}
