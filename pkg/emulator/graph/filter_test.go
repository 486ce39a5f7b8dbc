package graph

import "testing"

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"mail eq 'a@b'", "not (id in ('a','b')) and startswith(mail,'x')", "mail eq null", "((((", "mail eq ''''", "or"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if match, err := parseFilter(s); err == nil {
			match(&Person{ObjectID: "1", Mail: "a@b"})
		}
	})
}
