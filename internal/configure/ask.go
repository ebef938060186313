package configure

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/ejgeiger/imon/internal/config"
)

// emptied is the answer that empties a setting which Enter would keep.
const emptied = "-"

// ask asks for a setting until the answer is right, and then keeps it.
func (q *dialogue) ask(k config.Key, question string) {
	if k.Kind == config.KindBool {
		q.askBool(k, question)
		return
	}
	usual := k.Get(q.d.Config)
	prompt := question + ": "
	if usual != "" {
		prompt = fmt.Sprintf("%s [%s]: ", question, k.Hide(usual))
		q.tell(k)
	}
	for q.err == nil {
		answer := q.read(prompt, q.completer(k))
		if q.err == nil && q.take(k, answer, usual) {
			return
		}
	}
}

// askBool asks for a setting that is yes or no.
func (q *dialogue) askBool(k config.Key, question string) {
	on := k.Get(q.d.Config) == "true"
	on = q.yes(fmt.Sprintf("%s [%s]: ", question, map[bool]string{true: "Y", false: "N"}[on]), on)
	if q.err == nil {
		k.Set(&q.d.Config, fmt.Sprint(on))
	}
}

// tell says, before it matters for the first time, how a setting is emptied.
func (q *dialogue) tell(k config.Key) {
	if q.told || !clearable(k) {
		return
	}
	q.told = true
	q.say("%% To empty a value in brackets, answer %s", emptied)
}

// clearable reports whether a setting may be empty.
func clearable(k config.Key) bool { return k.Asking == config.AskOptional && k.Default == "" }

// take keeps an answer, or says what is wrong with it.
func (q *dialogue) take(k config.Key, answer, usual string) bool {
	switch {
	case answer == "" && usual != "" && !onMachine(k.Kind):
		return true
	case answer == "" && usual != "":
		answer = usual // this machine may have changed
	case answer == emptied && clearable(k):
		answer = ""
	case answer == "?" && k.Kind == config.KindInterface:
		q.show(list(q.Interfaces()))
		return false
	}
	wrong := q.objection(k, answer)
	if !utf8.ValidString(answer) {
		wrong = k.Name + " must be UTF-8 text"
	}
	if wrong == "" {
		for _, f := range k.Set(&q.d.Config, answer) {
			wrong = k.Name + " " + f.Rule
		}
	}
	if wrong != "" {
		q.say("%% %s", wrong)
		return false
	}
	q.remark(k, answer)
	return true
}

// onMachine reports whether a kind of value is of use only with what this machine has.
func onMachine(k config.Kind) bool {
	return k == config.KindPath || k == config.KindInterface || k == config.KindGateway
}

// objection is what the Python imon-configure said to a wrong answer, "" to a right
// one and to one that breaks a rule which it did not know.
func (q *dialogue) objection(k config.Key, answer string) string {
	var scratch config.Config
	good := len(k.Set(&scratch, answer)) == 0 && (answer != "" || k.Asking == config.AskOptional)
	switch k.Kind {
	case config.KindSeconds:
		return notPositive(answer, "Enter an integer or floating point number", "Must be greater than 0.0", parseFloat)
	case config.KindCount, config.KindMetric:
		return notPositive(answer, "Enter an integer", "Must be greater than 0", parseInt)
	case config.KindPath:
		return q.notExecutable(answer)
	}
	if good || isAddress(answer) && k.Kind != config.KindHosts {
		return ""
	}
	switch k.Kind {
	case config.KindHost, config.KindHost4, config.KindTargets:
		return "A DNS name or IP address is required"
	case config.KindHosts:
		return "A DNS Name/IP Address is ill-formed"
	case config.KindGateway:
		return "IP Address required"
	default:
		if answer == "" {
			return "Value required"
		}
		return ""
	}
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// notPositive says what keeps an answer from being a number greater than 0.
func notPositive(answer, noNumber, tooSmall string, parse func(string) (float64, error)) string {
	n, err := parse(answer)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return noNumber
	case n <= 0:
		return tooSmall
	}
	return ""
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

func parseInt(s string) (float64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return float64(n), err
}

// notExecutable says what keeps a file from being an action script.
func (q *dialogue) notExecutable(path string) string {
	if path == "" {
		return ""
	}
	info, err := q.Stat(path)
	switch {
	case err != nil:
		return fmt.Sprintf("File '%s' does not exist", path)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return fmt.Sprintf("File '%s' is not executable", path)
	}
	return ""
}
