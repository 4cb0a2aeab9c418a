package weburl

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// host brings a host, which is not empty, into its one form.
func host(text string) (string, error) {
	if text[0] == '[' {
		return ipv6(text)
	}
	name := decode(text)
	plain := isPlain(name)
	if plain {
		name = strings.ToLower(name)
	}
	if !plain || strings.Contains(name, "xn--") {
		var err error
		if name, err = punycode(name); err != nil {
			return "", &partError{"host", text, ""}
		}
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`%#/:<>?@[\]^|`, c) >= 0 {
			return "", fmt.Errorf("is not a URL: invalid character %q in host", c)
		}
	}
	switch {
	case name == "": // made of characters that stand for nothing
		return "", errors.New("has no host")
	case endsInNumber(name):
		return ipv4(name)
	}
	return name, nil
}

// punycode maps a name as browsers do: ß stays ß, underscores and hyphens may
// stand anywhere.
func punycode(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", errors.New("not UTF-8")
	}
	return idna.New(
		idna.MapForLookup(),
		idna.Transitional(false),
		idna.BidiRule(),
		idna.CheckHyphens(false),
		idna.StrictDomainName(false),
		idna.VerifyDNSLength(false),
	).ToASCII(name)
}

// decode resolves the escapes in s. Broken ones stay.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				c = byte(n)
				i += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// endsInNumber says that a name must be an IPv4 address: its last part is a
// number, be it one too large.
func endsInNumber(name string) bool {
	name = strings.TrimSuffix(name, ".")
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" {
		return false
	}
	digits, hex := strings.CutPrefix(last, "0x")
	if hex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(digits, "0123456789") == ""
}

// ipv4 reads up to four numbers, decimal, octal or hexadecimal. The last one
// fills all bytes that are left, as in 127.1.
func ipv4(name string) (string, error) {
	if _, err := netip.ParseAddr(name); err == nil {
		return name, nil // is in that form
	}
	parts := strings.Split(strings.TrimSuffix(name, "."), ".")
	var address uint64
	for i, part := range parts {
		limit := uint64(1) << 8
		if i == len(parts)-1 && i < 4 {
			limit <<= 8 * (3 - i)
		}
		n, err := number(part)
		if err != nil || n >= limit || i > 3 {
			return "", &partError{"IPv4 address", name, ""}
		}
		address = address*limit + n
	}
	a := netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)})
	return a.String(), nil
}

// number reads a part of an IPv4 address.
func number(part string) (uint64, error) {
	if digits, ok := strings.CutPrefix(part, "0x"); ok {
		if digits == "" {
			return 0, nil
		}
		return strconv.ParseUint(digits, 16, 64)
	}
	if len(part) > 1 && part[0] == '0' {
		return strconv.ParseUint(part, 8, 64)
	}
	return strconv.ParseUint(part, 10, 64)
}

// ipv6 reads an address in brackets. One that holds an IPv4 address is written
// in plain hexadecimal all the same.
func ipv6(text string) (string, error) {
	inner, closed := strings.CutSuffix(text[1:], "]")
	a, err := netip.ParseAddr(inner)
	if !closed || err != nil || !a.Is6() || a.Zone() != "" {
		return "", &partError{"IPv6 address", text, ""}
	}
	if b := a.As16(); a.Is4In6() {
		return fmt.Sprintf("[::ffff:%x:%x]", int(b[12])<<8|int(b[13]), int(b[14])<<8|int(b[15])), nil
	}
	return "[" + a.String() + "]", nil
}
