package report

// lineLimit is the longest object or list, in bytes, that stays on one line.
const lineLimit = 256

// indent breaks compact JSON into lines. The standard library's Indent gives
// every number its own line, which makes a file of samples six times as long and
// unreadable.
func indent(compact []byte) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	depth := 0
	newline := func() {
		out = append(out, '\n')
		for range depth {
			out = append(out, "  "...)
		}
	}
	for i := 0; i < len(compact); {
		switch c := compact[i]; c {
		case '{', '[':
			if end := closing(compact[i:]); end > 0 {
				out = append(out, compact[i:i+end]...)
				i += end
				continue
			}
			out = append(out, c)
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			out = append(out, c)
		case ',':
			out = append(out, c)
			newline()
		case ':':
			out = append(out, ": "...)
		case '"':
			end := quoted(compact[i:])
			out = append(out, compact[i:i+end]...)
			i += end
			continue
		default:
			out = append(out, c)
		}
		i++
	}
	return out
}

// closing gives the length of the object or list at the start of text if it
// is short enough for a line; otherwise 0.
func closing(text []byte) int {
	depth := 0
	for i := 0; i < min(len(text), lineLimit); {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			i += quoted(text[i:])
			continue
		}
		i++
	}
	return 0
}

// quoted gives the length of the string at the start of text.
func quoted(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
