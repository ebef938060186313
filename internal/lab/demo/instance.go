package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// instance is the text of the instance file with the path of the action script
// put into it.
func instance(file, action string) ([]byte, error) {
	const shipped = `"action": "/usr/local/bin/imon-action"`
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(text, []byte(shipped)) {
		return nil, fmt.Errorf("cannot set the action script in %q: no line %s", file, shipped)
	}
	return bytes.Replace(text, []byte(shipped), []byte(`"action": `+strconv.Quote(action)), 1), nil
}
