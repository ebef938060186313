package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/ejgeiger/imon/internal/ubus"
)

// tableOf is an answer as the bus gets it: in the order of its JSON form, with
// every whole number as int64 and every number with decimals as double.
func tableOf(answer any) (ubus.Table, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := next(decoder)
	table, _ := value.(ubus.Table)
	return table, err
}

// next is the next value of well-formed JSON.
func next(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		if strings.ContainsAny(token.String(), ".eE") {
			return token.Float64()
		}
		return token.Int64()
	case json.Delim:
		if token == '{' {
			return table(d)
		}
		return array(d)
	}
	return token, nil // a string, a bool or nil
}

// table is the rest of an object.
func table(d *json.Decoder) (any, error) {
	t := ubus.Table{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := next(d)
		if err != nil {
			return nil, err
		}
		t = append(t, ubus.Field{Name: name.(string), Value: value})
	}
	_, err := d.Token()
	return t, err
}

// array is the rest of an array.
func array(d *json.Decoder) (any, error) {
	a := []any{}
	for d.More() {
		value, err := next(d)
		if err != nil {
			return nil, err
		}
		a = append(a, value)
	}
	_, err := d.Token()
	return a, err
}
