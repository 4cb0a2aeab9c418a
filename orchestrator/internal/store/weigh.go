package store

import (
	"reflect"
	"time"
)

// weigh gives the memory that a value takes, in bytes, about: with what it
// points to.
func weigh(what any) int {
	v := reflect.ValueOf(what)
	return int(v.Type().Size()) + beside(v)
}

// beside is what a value takes in other places.
func beside(v reflect.Value) int {
	const entry = 32 // bytes of a map's entry beside its key and value
	sum := 0
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer:
		if !v.IsNil() {
			sum = int(v.Type().Elem().Size()) + beside(v.Elem())
		}
	case reflect.Slice:
		sum = v.Cap() * int(v.Type().Elem().Size())
		if k := v.Type().Elem().Kind(); k >= reflect.Bool && k <= reflect.Complex128 {
			return sum
		}
		for i := range v.Len() {
			sum += beside(v.Index(i))
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			sum += entry + int(key.Type().Size()+value.Type().Size()) + beside(key) + beside(value)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0 // zones are shared
		}
		for _, field := range v.Fields() {
			sum += beside(field)
		}
	}
	return sum
}
