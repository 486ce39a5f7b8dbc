package query

import (
	"cmp"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is the longest integer that Python reads; a longer one becomes a
// float.
const maxDigits = 4300

// number is a JSON number as Python holds it: an integer of any size or a
// float.
type number struct {
	float float64
	small int64
	big   *big.Int // an integer too large for small
	isInt bool
}

func numberOf(v any) number {
	switch v := v.(type) {
	case json.Number:
		return parseNumber(string(v))
	case int:
		return number{small: int64(v), isInt: true}
	case int64:
		return number{small: v, isInt: true}
	case float64:
		// Go's JSON decodes every number as a float and writes 2.0 as 2.
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return number{small: int64(v), isInt: true}
		}
		return number{float: v}
	}
	return number{float: math.NaN()}
}

func parseNumber(s string) number {
	if !strings.ContainsAny(s, ".eE") && len(s) <= maxDigits {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return number{small: n, isInt: true}
		}
		if n, ok := new(big.Int).SetString(s, 10); ok {
			return number{big: n, isInt: true}
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		f = math.NaN()
	}
	return number{float: f}
}

func (n number) bigInt() *big.Int {
	if n.big != nil {
		return n.big
	}
	return big.NewInt(n.small)
}

// float64 is the nearest float, infinite if the integer is too large.
func (n number) float64() float64 {
	switch {
	case !n.isInt:
		return n.float
	case n.big != nil:
		f, _ := new(big.Float).SetInt(n.big).Float64()
		return f
	}
	return float64(n.small)
}

// compare orders two numbers exactly, even an integer and a float.
func (n number) compare(m number) int {
	switch {
	case n.isInt && m.isInt:
		if n.big == nil && m.big == nil {
			return cmp.Compare(n.small, m.small)
		}
		return n.bigInt().Cmp(m.bigInt())
	case !n.isInt && !m.isInt:
		return cmp.Compare(n.float, m.float)
	case m.isInt:
		return -m.compare(n)
	case math.IsNaN(m.float):
		return 1
	}
	return new(big.Float).SetInt(n.bigInt()).Cmp(new(big.Float).SetFloat64(m.float))
}

func (n number) add(m number) number {
	if !n.isInt || !m.isInt {
		return number{float: n.float64() + m.float64()}
	}
	if n.big == nil && m.big == nil {
		sum := n.small + m.small
		if (sum > n.small) == (m.small > 0) {
			return number{small: sum, isInt: true}
		}
	}
	return integer(new(big.Int).Add(n.bigInt(), m.bigInt()))
}

func (n number) abs() number {
	switch {
	case !n.isInt:
		return number{float: math.Abs(n.float)}
	case n.big == nil && n.small >= 0:
		return n
	}
	return integer(new(big.Int).Abs(n.bigInt()))
}

func (n number) ceil() number  { return n.whole(math.Ceil) }
func (n number) floor() number { return n.whole(math.Floor) }

// whole rounds a float with math.Ceil or math.Floor to an integer.
func (n number) whole(round func(float64) float64) number {
	if n.isInt || !n.finite() {
		return n
	}
	i, _ := new(big.Float).SetFloat64(round(n.float)).Int(nil)
	return integer(i)
}

func (n number) finite() bool {
	return n.isInt || !math.IsInf(n.float, 0) && !math.IsNaN(n.float)
}

func integer(i *big.Int) number {
	if i.IsInt64() {
		return number{small: i.Int64(), isInt: true}
	}
	return number{big: i, isInt: true}
}

// json formats the number as Python does: 2 for the integer, 2.0 for the float.
func (n number) json() json.Number {
	switch {
	case n.big != nil:
		return json.Number(n.big.String())
	case n.isInt:
		return json.Number(strconv.FormatInt(n.small, 10))
	}
	return json.Number(floatText(n.float))
}

func floatText(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Canonical is the number as Python formats it; one that is too large stays as
// sent.
func Canonical(n json.Number) json.Number {
	if len(n) < 19 && n != "-0" && !strings.ContainsAny(string(n), ".eE") {
		return n
	}
	if m := parseNumber(string(n)); m.finite() {
		return m.json()
	}
	return n
}

// textNumber parses a number as Python's int() and float() do; ok is false for
// what they refuse and for numbers JSON cannot express.
func textNumber(s string) (n number, ok bool) {
	s = strings.TrimSpace(s)
	digits := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == '_':
			if i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1]) {
				return n, false
			}
		case isDigit(c) || strings.IndexByte("+-.eE", c) >= 0:
			digits = append(digits, c)
		default:
			return n, false
		}
	}
	text := string(digits)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return n, false
	}
	n = parseNumber(text)
	return n, n.finite()
}
