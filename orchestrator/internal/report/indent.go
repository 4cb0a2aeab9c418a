package report

// lineLimit is the longest object or list, in bytes, that stays on one line.
const lineLimit = 256

// longestNumber is as long as a number of 64 bits gets, with the comma after it.
const longestNumber = 24

// indenter breaks compact JSON into lines, piece by piece: after any token one
// piece may end and the next begin. The standard library's Indent gives every
// number its own line, which makes a file of samples six times as long and
// unreadable.
type indenter struct {
	depth   int
	numbers bool // in a list of numbers, which fill their lines
}

// append breaks a piece into lines and appends them to out. Only an object or
// list that is whole within the piece stays on one line.
func (in *indenter) append(out, piece []byte) []byte {
	line := len(out)
	newline := func() {
		out = append(out, '\n')
		line = len(out)
		for range in.depth {
			out = append(out, "  "...)
		}
	}
	for i := 0; i < len(piece); {
		switch c := piece[i]; c {
		case '{', '[':
			in.numbers = false
			if end := closing(piece[i:]); end > 0 {
				out = append(out, piece[i:i+end]...)
				i += end
				continue
			}
			out = append(out, c)
			in.depth++
			newline()
			in.numbers = c == '[' && i+1 < len(piece) && (piece[i+1] == '-' || piece[i+1] >= '0' && piece[i+1] <= '9')
		case '}', ']':
			in.numbers = false
			in.depth--
			newline()
			out = append(out, c)
		case ',':
			out = append(out, c)
			if !in.numbers || len(out)-line > lineLimit-longestNumber {
				newline()
			}
		case ':':
			out = append(out, ": "...)
		case '"':
			end := quoted(piece[i:])
			out = append(out, piece[i:i+end]...)
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
