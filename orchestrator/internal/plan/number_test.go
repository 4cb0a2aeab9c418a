package plan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// TestScalars holds what scalars are to drill, of any length. The figures are
// those of the parser that drill 0.9 is built with.
func TestScalars(t *testing.T) {
	check := func(want string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte("["+text+"]"), &doc); err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			n := doc.Content[0].Content[0]
			got := ""
			switch k := resolve(n); k {
			case kindInt:
				got = "int " + decimal(n)
			case kindFloat:
				got = "float " + string(vars.AppendValue(nil, float(n.Value)))
			case kindRefused:
				got = "refused"
			default:
				got = k.String()
			}
			if got != want {
				t.Errorf("%s is %s, want %s", text, got, want)
			}
		}
	}
	zeros := strings.Repeat("0", 50)

	check("int 0", "0", "+0", "-0", "0x0", "-0b0")
	check("int 7", "7", "+7", "0o7", "+0b111", "0x"+zeros+"7", "0b"+strings.Repeat(zeros, 4)+"111")
	check("int -31", "-31", "-0x1F", "-0x1f", "-0o37")
	check("int 18446744073709551615", "18446744073709551615", "+18446744073709551615", "0xffffffffffffffff", "0o1777777777777777777777")
	check("int -9223372036854775808", "-9223372036854775808", "-0x8000000000000000")

	// Beyond 64 bits an integer is refused up to 128 bits, in every base.
	check("refused", "18446744073709551616", "+18446744073709551616", "99999999999999999999",
		"340282366920938463463374607431768211455", "-9223372036854775809", "-170141183460469231731687303715884105728",
		"0x10000000000000000", "0xffffffffffffffffffffffffffffffff", "0x"+zeros+"10000000000000000", "-0x8000000000000001",
		"0o2000000000000000000000", "0b1"+strings.Repeat("0", 64), "0b"+strings.Repeat("1", 128))
	// Beyond those, digits are a floating-point number, and no other base is.
	check("float 3.402823669209385e38", "340282366920938463463374607431768211456", "+340282366920938463463374607431768211456")
	check("float -1.7014118346046923e38", "-170141183460469231731687303715884105729")
	check("text", "0x100000000000000000000000000000000", "-0x80000000000000000000000000000001",
		"0o4000000000000000000000000000000000000000000", "0b1"+strings.Repeat("0", 128))
	check("text", strings.Repeat("9", 400), "-"+strings.Repeat("9", 400)) // no finite float is that large

	// What only begins like a long integer is none.
	check("float 1.8446744073709552e19", "18446744073709551616.0", "18446744073709551616.", "18446744073709551616e0", "+1844674407370955161600e-2")
	check("float -9.223372036854776e18", "-9223372036854775809.5")
	check("text", "18446744073709551616x", "99999999999999999999-a", "99999999999999999999_0", "18446744073709551616.0.0",
		"0x1ffffffffffffffffg", "0o77777777777777777777777778", "0b"+strings.Repeat("1", 70)+"2", "00018446744073709551616")

	check("float 0.5", ".5", "+.5", "00.5", "5e-1", "5E-1", "0.5e+0", ".05e1")
	check("float -0.5", "-.5", "-0.5")
	check("float 5.0", "5.", "5.0", "5.e0", "05e0", "5e00")
	check("float 0.0", "0.0", "0e400", "1e-400", "00e1", "0.")
	check("float -0.0", "-0.0", "-1e-400")
	check("float 1.7976931348623157e308", "1.7976931348623157e308")
	check("text", "1e400", "-1e400", "1e309", "1e99999999999999999999", "1.8e308")
	check("text", ".", "+.", "'-.'", "+", "+-5", "--5", "++5", ".e3", "1e", "1e+", "e3", "1.2.3", "1e3.5", "1 2")
	check("text", "007", "-007", "+00", "00", "010", "0_1", "1_000", "1_000.5", "0x_1", "0x", "0o", "0b", "0x-1", "0x+1", "-0x+1", "0X1F", "0O17", "0B1", "0o8", "0b2")
	check("text", "0x1p4", "0x1.8", "inf", "+inf", "infinity", "nan", "12:30", "2001-01-01", "yes", "off", "tRue", "nULL")
	for _, text := range []string{".inf", "+.Inf", "-.INF"} {
		check("float ", text)
	}
	check("float ", ".nan", ".NaN", ".NAN")
	check("text", "+.nan", "-.nan", ".iNF", ".naN", "+-.inf", "..inf")

	check("int 5", "!!int 5", "!!int '5'", "!own 5", "!<tag:yaml.org,2002:int> 5")
	check("float 7.0", "!!float 7", "!!float 007", "!!float '7.'")
	check("float 1.8446744073709552e19", "!!float 18446744073709551616")
	check("refused", "!!int 1.5", "!!int 007", "!!int abc", "!!int ''", "!!int 18446744073709551616",
		"!!int 340282366920938463463374607431768211456", "!own 18446744073709551616",
		"!!float 0x10", "!!float abc", "!!float 1e400", "!!bool yes", "!!bool ''", "!!null x")
	check("text", "!!str 5", "!!str 18446744073709551616", "!own '5'", "!own 007", "!!binary 5", "!<tag:h,2000:own> 5",
		"'5'", `"5"`, "'18446744073709551616'")
	check("a truth value", "true", "!!bool FALSE", "!!bool 'true'")
	check("empty", "~", "Null", "!!null ~", "!!null null")
}

// TestNumberOfAnyLength checks that the time for a long number grows with its
// length, and no faster: a body can be megabytes of digits.
func TestNumberOfAnyLength(t *testing.T) {
	for _, prefix := range []string{"", "-", "0x", "0b", "0."} {
		for _, digit := range []string{"0", "1"} {
			text := prefix + "1" + strings.Repeat(digit, 1<<20)
			if k := plain(text); k != kindString && !(prefix == "0." && k == kindFloat) {
				t.Errorf("%q and a million %s are %v", prefix, digit, k)
			}
		}
	}
}

// TestDuplicateFloats checks that keys are told apart by their values.
func TestDuplicateFloats(t *testing.T) {
	check := func(same bool, first, second string) {
		t.Helper()
		_, err := loadText(fmt.Sprintf("plan: [{name: a, request: {url: http://h/}, note: {%s: 1, %s: 2}}]", first, second), Options{})
		if got := err != nil && strings.Contains(err.Error(), "is given twice"); got != same {
			t.Errorf("%s and %s: %v", first, second, err)
		}
	}
	check(true, "1.5", "1.50")
	check(true, "0.0", "-0.0")
	check(true, ".nan", ".NaN")
	check(true, ".inf", "+.INF")
	check(false, ".inf", "-.inf")
	check(false, ".inf", ".nan")
	check(false, "1", "1.0")
	check(true, "18446744073709551616.0", "18446744073709551617.0")
	check(false, "'18446744073709551616.0'", "18446744073709551616.0")
}

func TestDecimalFloat(t *testing.T) {
	check := func(text string, want float64, failed bool) {
		t.Helper()
		if got, err := decimalFloat(text); got != want || (err != nil) != failed {
			t.Errorf("decimalFloat(%q) = %v, %v", text, got, err)
		}
	}
	check("007.5", 7.5, false)
	check("1e400", math.Inf(1), true)
	check("-1e400", math.Inf(-1), true)
	for _, text := range []string{"", "inf", "NaN", "0x1p4", "1_0", "1e", " 1"} {
		check(text, 0, true)
	}
}
