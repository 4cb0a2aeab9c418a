package store

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// time reads a time.
func (d *decoder) time(to *time.Time) error {
	raw, from, err := d.text(mostText)
	if err != nil {
		return err
	}
	if err := from.check(raw); err != nil {
		return err
	}
	if to.UnmarshalJSON(raw) != nil {
		got := kind(raw[0])
		if got == "string" {
			got += " " + shortened(string(raw))
		}
		return d.misfit(from, got, "a time such as 2006-01-02T15:04:05Z")
	}
	return nil
}

// string reads a text.
func (d *decoder) string() (string, error) {
	raw, from, err := d.text(mostText)
	if err != nil {
		return "", err
	}
	text := raw[1 : len(raw)-1]
	for _, b := range text {
		if b < ' ' || b == '\\' || b >= utf8.RuneSelf {
			var decoded string
			if err := from.check(raw); err != nil {
				return "", err
			}
			if err := json.Unmarshal(raw, &decoded); err != nil {
				return "", from.at("%w", err)
			}
			return decoded, d.spend(len(decoded))
		}
	}
	if len(text) > shortText {
		return string(text), d.spend(len(text))
	}
	if known, ok := d.texts[string(text)]; ok {
		return known, nil
	}
	if len(d.texts) < mostTexts {
		d.texts[string(text)] = string(text)
	}
	return string(text), d.spend(len(text))
}

// leaf reads a text, a number, or a truth that begins with that byte.
func (d *decoder) leaf(v reflect.Value, first byte) error {
	got := kind(first)
	if v.Kind() == reflect.String {
		if got != "string" {
			return d.wrong("a string", mostValue)
		}
		text, err := d.string()
		v.SetString(text)
		return err
	}
	if v.Kind() == reflect.Bool {
		if got != "bool" {
			return d.wrong("true or false", mostValue)
		}
		raw, err := d.value(mostText)
		v.SetBool(string(raw) == "true")
		return err
	}
	need := "a 64-bit whole number"
	switch v.Kind() {
	case reflect.Float64:
		need = "a number"
	case reflect.Uint64:
		need = "a 64-bit whole number of 0 or more"
	default:
	}
	if got != "number" {
		return d.wrong(need, mostValue)
	}
	if v.CanInt() {
		if i, ok := d.short(); ok {
			v.SetInt(i)
			return nil
		}
	}
	raw, from, err := d.text(mostText)
	if err != nil {
		return err
	}
	if err := from.check(raw); err != nil {
		return err
	}
	switch text := string(raw); v.Kind() {
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		v.SetFloat(f)
	case reflect.Uint64:
		var u uint64
		u, err = strconv.ParseUint(text, 10, 64)
		v.SetUint(u)
	default:
		var i int64
		i, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(i)
	}
	if err != nil {
		return d.misfit(from, "number "+shortened(string(raw)), need)
	}
	return nil
}

// kind names the kind of a JSON value by its first byte.
func kind(first byte) string {
	switch first {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}
