package metrics

import (
	"strconv"
	"strings"
)

// Types of metrics.
const (
	gauge   = "gauge"
	counter = "counter"
)

// page is an exposition that is being written.
type page struct{ strings.Builder }

// head begins a metric: its help and its type. All samples of it follow.
func (p *page) head(name, kind, help string) {
	for _, part := range []string{"# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"} {
		p.WriteString(part)
	}
}

// sample is one line. Labels are pairs of name and value; one without a value is left out,
// which is the same to Prometheus.
func (p *page) sample(name string, value float64, labels ...string) {
	p.WriteString(name)
	separator := byte('{')
	for i := 0; i+1 < len(labels); i += 2 {
		if labels[i+1] == "" {
			continue
		}
		p.WriteByte(separator)
		separator = ','
		p.WriteString(labels[i])
		p.WriteString(`="`)
		p.WriteString(escape(labels[i+1]))
		p.WriteByte('"')
	}
	if separator == ',' {
		p.WriteByte('}')
	}
	p.WriteByte(' ')
	p.WriteString(number(value))
	p.WriteByte('\n')
}

// only is a metric of one sample without labels.
func (p *page) only(name, kind, help string, value float64) {
	p.head(name, kind, help)
	p.sample(name, value)
}

// escape is a label's value between its quotes. What is not UTF-8 is replaced, because
// Prometheus would refuse all of it.
func escape(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if !strings.ContainsAny(value, "\\\"\n") {
		return value
	}
	var b strings.Builder
	for _, r := range value {
		switch r {
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// number is a value, without an exponent.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// bit is 1 for true.
func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
