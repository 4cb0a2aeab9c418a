package docker

import (
	"encoding/binary"
	"encoding/json"
	"strings"
)

// traceID marks a message that carries BuildKit's progress: moby.buildkit.v1's
// StatusResponse as a protobuf message, of which only a few fields are read.
const traceID = "moby.buildkit.trace"

// trace takes the steps and the log out of BuildKit's progress. What cannot be
// read is passed over: the outcome does not hang on it.
func (s *stream) trace(aux json.RawMessage) {
	var status []byte
	if json.Unmarshal(aux, &status) != nil {
		return
	}
	fields(status, func(number uint64, value []byte) {
		switch number {
		case 1: // a vertex: a step, which comes again with each change
			var name string
			var started, failed bool
			fields(value, func(number uint64, value []byte) {
				switch number {
				case 3:
					name = string(value)
				case 5:
					started = true
				case 7:
					failed = true
				}
			})
			if failed {
				s.step = name
			} else if started && !s.begun[name] && !strings.HasPrefix(name, "[internal]") {
				if s.begun == nil {
					s.begun = map[string]bool{}
				}
				s.begun[name] = true
				s.text("\n" + name + "\n")
			}
		case 3: // a piece of a step's log
			fields(value, func(number uint64, value []byte) {
				if number == 4 {
					s.text(string(value))
				}
			})
		}
	})
}

// fields calls visit with each field of a protobuf message that has a length:
// texts and messages.
func fields(message []byte, visit func(number uint64, value []byte)) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		message = message[max(n, 0):]
		size, skip := uint64(0), 0
		switch key & 7 {
		case 0: // a number
			_, skip = binary.Uvarint(message)
		case 1:
			size = 8
		case 2:
			size, skip = binary.Uvarint(message)
		case 5:
			size = 4
		default:
			return
		}
		if n <= 0 || skip < 0 || key&7 != 1 && key&7 != 5 && skip == 0 || size > uint64(len(message)-skip) {
			return // it is cut short
		}
		if key&7 == 2 {
			visit(key>>3, message[skip:skip+int(size)])
		}
		message = message[skip+int(size):]
	}
}
