package argv

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

func testFlags() []Flag {
	return append(testGlobals(),
		Flag{Name: "name", Short: "n", TakesValue: true, V1: true},
		Flag{Name: "vm-size", Short: "s", TakesValue: true, V1: true, Aliases: []string{"size"}},
		Flag{Name: "max-nodes", TakesValue: true, V1: true, Aliases: []string{"max-instances"}},
		Flag{Name: "min-nodes", TakesValue: true, V1: true},
		Flag{Name: "ssh-public-access", TakesValue: true, Bool3: true, V1: true},
		Flag{Name: "ssl-overwrite-domain", Bool3: true, V1: true},
		Flag{Name: "tag", TakesValue: true, V1: true},
		Flag{Name: "description", TakesValue: true, V1: true},
		Flag{Name: "subnet-name", TakesValue: true, V1: true},
		Flag{Name: "subnet-id", TakesValue: true},
		Flag{Name: "identities", TakesValue: true, Repeat: true, V1: true},
		Flag{Name: "tags", Repeat: true},
		Flag{Name: "vm-priority", Short: "p", TakesValue: true, V1: true, Values: []string{"dedicated", "lowpriority"}},
		Flag{Name: "no-wait", V1: true},
		Flag{Name: "strict"},
		Flag{Name: "dry-run"},
		Flag{Name: "description-file", TakesValue: true},
	)
}

var errNoFile = fmt.Errorf("no such file: %w", fs.ErrNotExist)

func readFixture(path string) ([]byte, error) {
	switch path {
	case "key.pub":
		return []byte("\xef\xbb\xbfssh-rsa AAAA me@host\r\n\n"), nil
	case "private":
		return []byte("-----BEGIN KEY-----\nabc\n-----END KEY-----\n"), nil
	case "names":
		return []byte("one\n"), nil
	case "dash":
		return []byte("--no-wait\n"), nil
	case "utf16le":
		return []byte("\xff\xfec\x00i\x00-\x001\x00\n\x00"), nil
	case "utf16be":
		return []byte("\xfe\xff\x00c\x00i"), nil
	case "endless":
		return nil, errors.New("endless is larger than 1 MiB")
	case "binary":
		return []byte{0xff, 0x00, 0x80}, nil
	case "empty":
		return nil, nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: errNoFile}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	const id = "/subscriptions/s/resourceGroups/g/providers/p/x"
	const guid = "00000000-0000-0000-0000-0000000000Ab"
	for _, c := range []struct {
		why  string
		args []string
		want []string
	}{
		{"nothing", nil, nil},
		{"the article's line", []string{"-n", "instance", "-s", "STANDARD_D3_V2", "-v"}, []string{"--name=instance", "--vm-size=STANDARD_D3_V2", "-v"}},
		{"names stay in place", []string{"a", "-v", "b", "-"}, []string{"a", "-v", "b", "-"}},
		{"glued", []string{"-nci", "-otsv"}, []string{"--name=ci", "--output=tsv"}},
		{"glued with =", []string{"-n=ci"}, []string{"--name=ci"}},
		{"attached", []string{"--name=ci=1"}, []string{"--name=ci=1"}},
		{"attached empty", []string{"--name=", "-v"}, []string{"--name=", "-v"}},
		{"empty value", []string{"--name", ""}, []string{"--name="}},
		{"switches joined", []string{"-vyn", "ci"}, []string{"-v", "--yes", "--name=ci"}},
		{"switches joined, value glued", []string{"-vynci"}, []string{"-v", "--yes", "--name=ci"}},
		{"prefix", []string{"--nam", "ci", "--work", "ws", "--resource", "rg"}, []string{"--name=ci", "--workspace-name=ws", "--resource-group=rg"}},
		{"prefix with =", []string{"--workspace=ws"}, []string{"--workspace-name=ws"}},
		{"v1 before others", []string{"--subn", "a"}, []string{"--subnet-name=a"}},
		{"v1 before others, longer", []string{"--descr", "a"}, []string{"--description=a"}},
		{"exact before prefix", []string{"--tag", "a=b", "--tags", "c=d"}, []string{"--tag=a=b", "--tags=c=d"}},
		{"exact before longer", []string{"--subscription", "x"}, []string{"--subscription=x"}},
		{"others when no v1 flag matches", []string{"--stri", "--dry"}, []string{"--strict", "--dry-run"}},
		{"a v2 name", []string{"--size", "S", "--max-inst", "3"}, []string{"--vm-size=S", "--max-nodes=3"}},
		{"v1 before a v2 name", []string{"--max", "3"}, []string{"--max-nodes=3"}},
		{"help", []string{"-h", "--he"}, []string{"--help", "--help"}},
		{"values known", []string{"-o", "TSV", "-p", "LowPriority"}, []string{"--output=tsv", "--vm-priority=lowpriority"}},
		{"tag repeated", []string{"--tag", "a=b", "--tag", "c=d"}, []string{"--tag=a=b", "--tag=c=d"}},
		{"several values", []string{"--tags", "a=b", "c=d", "-v"}, []string{"--tags=a=b", "--tags=c=d", "-v"}},
		{"several values, none", []string{"--tags", "-v"}, []string{"--tags=", "-v"}},
		{"several values, one empty", []string{"--tags", ""}, []string{"--tags="}},
		{"several values end at --", []string{"--tags", "a=b", "--", "x"}, []string{"--tags=a=b", "--", "x"}},
		{"attached takes one", []string{"--tags=a=b", "x"}, []string{"--tags=a=b", "x"}},
		{"true and false", []string{"--ssh-public-access", "FALSE", "--ssl-overwrite-domain", "True"}, []string{"--ssh-public-access=false", "--ssl-overwrite-domain=true"}},
		{"true attached", []string{"--ssh-public=true"}, []string{"--ssh-public-access=true"}},
		{"three-state alone", []string{"--ssl-overwrite-domain", "-v"}, []string{"--ssl-overwrite-domain=true", "-v"}},
		{"three-state last", []string{"--ssl-overwrite-domain"}, []string{"--ssl-overwrite-domain=true"}},
		{"switch with a value", []string{"--no-wait=False"}, []string{"--no-wait=false"}},
		{"negative number", []string{"--max-nodes", "-1", "--min-nodes", "-.5"}, []string{"--max-nodes=-1", "--min-nodes=-.5"}},
		{"times of day, which are no flags", []string{"dev", "-19:00", "-v", "mon 9-10"}, []string{"dev", "-v", "mon 9-10", "--", "-19:00"}},
		{"times of day before --", []string{"-7:30", "--", "-x"}, []string{"--", "-7:30", "-x"}},
		{"a time of day as a value", []string{"--description", "-19:00"}, []string{"--description=-19:00"}},
		{"value with a blank", []string{"--description", "-a b", "--description", "--a b"}, []string{"--description=-a b", "--description=--a b"}},
		{"attached value with a blank", []string{"--description=a b --no-wait"}, []string{"--description=a b --no-wait"}},
		{"query", []string{"--query", "[?name=='x'].{n:name}"}, []string{"--query=[?name=='x'].{n:name}"}},
		{"query @", []string{"--query", "@"}, []string{"--query=@"}},
		{"end of flags", []string{"-v", "--", "-x", "@names", "--"}, []string{"-v", "--", "-x", "@names", "--"}},

		{"file", []string{"--name", "@names"}, []string{"--name=one"}},
		{"file attached", []string{"--name=@names"}, []string{"--name=one"}},
		{"file after short =", []string{"-n=@names"}, []string{"--name=one"}},
		{"glued @ is not a file, as in az", []string{"-n@names"}, []string{"--name=@names"}},
		{"file after key=", []string{"--tag", "a=@names", "--tags", "b=@names", "@names"}, []string{"--tag=a=one", "--tags=b=one", "--tags=one"}},
		{"file of a name", []string{"@names"}, []string{"one"}},
		{"byte order mark and line ends", []string{"--description", "@key.pub"}, []string{"--description=ssh-rsa AAAA me@host"}},
		{"content that looks like a flag", []string{"--description", "@private", "--description", "@dash"}, []string{"--description=-----BEGIN KEY-----\nabc\n-----END KEY-----", "--description=--no-wait"}},
		{"utf-16", []string{"--name", "@utf16le", "--name", "@utf16be"}, []string{"--name=ci-1", "--name=ci"}},
		{"not text", []string{"--description", "@binary"}, []string{"--description=/wCA"}},
		{"empty file", []string{"--description", "@empty"}, []string{"--description="}},
		{"no such file", []string{"--description", "@me", "--description=@you", "@them"}, []string{"--description=@me", "--description=@you", "@them"}},

		{"quoted id", []string{"--identities", `"` + id + `"`, `'"` + id + `"'`, `\"` + id + `\"`}, []string{"--identities=" + id, "--identities=" + id, "--identities=" + id}},
		{"quoted ids", []string{"--identities", `"` + id + `","` + id + `"`, `'` + id + `,` + id + `'`}, []string{"--identities=" + id + "," + id, "--identities=" + id + "," + id}},
		{"quoted system", []string{"--identities", "'[system]'", "'[system]'," + id}, []string{"--identities=[system]", "--identities=[system]," + id}},
		{"quoted guid", []string{"--subscription-id='" + guid + "'"}, []string{"--subscription-id=" + guid}},
		{"quotes that are text", []string{"--description", `"a"`, "--description", `'`, "--query", `"a","b"`}, []string{`--description="a"`, `--description='`, `--query="a","b"`}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			given := slices.Clone(c.args)
			got, err := Expand(c.args, testFlags(), readFixture)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q\n got %q\nwant %q", c.args, got, c.want)
			}
			if !slices.Equal(c.args, given) {
				t.Errorf("the caller's arguments changed to %q", c.args)
			}
		})
	}
}

// A file that is there and cannot be read is not a value that begins with "@".
func TestExpandRefusesFiles(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--description", "@endless"}, {"--description=@endless"}, {"@endless"}, {"--tags", "a=b", "c=@endless"}} {
		if got, err := Expand(args, testFlags(), readFixture); err == nil || err.Error() != "endless is larger than 1 MiB" {
			t.Errorf("%q: %q, %v", args, got, err)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, text, tip string }{
		{"--bogus 1", "unrecognized argument: --bogus", ""},
		{"--no-wiat", "unrecognized argument: --no-wiat", "did you mean --no-wait?"},
		{"-x", "unrecognized argument: -x", ""},
		{"-vx", "unrecognized argument: -vx", ""},
		{"--=x", "unrecognized argument: --", ""},
		{"a -v:0", "argument", ""},
		{"a -123:00", "unrecognized argument: -123:00", ""},
		{"a -5", "unrecognized argument: -5", ""},
		{"a -19:xx", "unrecognized argument: -19:xx", ""},
		{"--sub x", "ambiguous option: --sub could match --subnet-name, --subscription, --subscription-id", ""},
		{"--n x", "ambiguous option: --n could match --name, --no-wait", ""},
		{"-n", "argument --name/-n: expected one argument", ""},
		{"--name", "argument --name/-n: expected one argument", ""},
		{"--name --no-wait", "argument --name/-n: expected one argument", "--name=--no-wait"},
		{"-n -- x", "argument --name/-n: expected one argument", ""},
		{"--ssh-public-access yes", "is neither True nor False", "True or False"},
		{"--ssh-public-access", "argument --ssh-public-access: expected one argument", ""},
		{"--no-wait=2", "argument --no-wait takes no value", ""},
		{"-v=1", "argument -v takes no value", ""},
		{"-o tvs", `"tvs" is not a valid value for --output/-o; allowed values: json, jsonc,`, "did you mean tsv?"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			got, err := Expand(strings.Fields(c.args), testFlags(), nil)
			if err == nil {
				t.Fatalf("accepted as %q", got)
			}
			var e *exit.Error
			if !errors.As(err, &e) || e.Exit != 2 {
				t.Fatalf("%T %v does not exit with 2", err, err)
			}
			if !strings.Contains(e.Error(), c.text) || !strings.Contains(e.Tip, c.tip) {
				t.Errorf("%q, hint %q; want %q, hint %q", e.Error(), e.Tip, c.text, c.tip)
			}
		})
	}
}

// What a file holds in the place of a name is a name, never a flag.
func TestExpandRefusesFlagsOfAFile(t *testing.T) {
	t.Parallel()
	if got, err := Expand([]string{"@dash"}, testFlags(), readFixture); err == nil || !strings.Contains(err.Error(), "unrecognized argument") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestStandardInputIsReadOnce(t *testing.T) {
	t.Parallel()
	reads := 0
	got, err := Expand([]string{"--description", "@-", "--tag=@-"}, testFlags(), func(path string) ([]byte, error) {
		reads++
		return []byte("text\n"), nil
	})
	if want := []string{"--description=text", "--tag=text"}; err != nil || !slices.Equal(got, want) || reads != 1 {
		t.Errorf("%q, %v after %d reads; want %q after one", got, err, reads, want)
	}
}

func TestNoReadKeepsFilesLiteral(t *testing.T) {
	t.Parallel()
	got, err := Expand([]string{"--name", "@names", "@-"}, testFlags(), nil)
	if want := []string{"--name=@names", "@-"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestMessagesHoldNoControlCharacters(t *testing.T) {
	t.Parallel()
	evil := "--na\x1b[31m\u202eme\n" + strings.Repeat("x", 500)
	_, err := Expand([]string{evil}, testFlags(), nil)
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\u202e\n") || len(err.Error()) > 200 {
		t.Errorf("message %q", err)
	}
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{
		"-n\x00instance\x00-s\x00STANDARD_D3_V2\x00-v",
		"--tags\x00a=b\x00c=d\x00--\x00x",
		"--identities\x00'\"/subscriptions/x\"'\x00--nam=@names\x00-vynx",
		"--description\x00-a b\x00--max\x00-1\x00-n=@-\x00-",
		"--=\x00--sub\x00-o\x00TSV\x00---\x00\x00-\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Split(s, "\x00")
		got, err := Expand(args, testFlags(), readFixture)
		if err != nil {
			var e *exit.Error
			if !errors.As(err, &e) || e.Exit != 2 || e.Text == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		again, err := Expand(got, testFlags(), nil)
		if err != nil || !slices.Equal(got, again) {
			t.Fatalf("%q became %q, which became %q, %v", args, got, again, err)
		}
		flags := got
		if i := slices.Index(got, "--"); i >= 0 {
			flags = got[:i]
		}
		for _, a := range flags {
			name, _, _ := strings.Cut(a, "=")
			known := slices.ContainsFunc(testFlags(), func(f Flag) bool { return f.full() == name })
			if dashed(a) && name != "--help" && !known {
				t.Fatalf("%q has %q, which is not a full flag", got, a)
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"ml computetarget create computeinstance -n instance -s STANDARD_D3_V2 -v",
		"--output json stop computeinstance x",
		"amlcompute identity assign --name x [system]",
		"compute create -n x --type amlcompute",
		"help schedule set", "update aks -- --type", "computeinstance", "create -t", "-o",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Path(strings.Split(s, " "), testWords(), testGlobals())
		if err != nil {
			var e *exit.Error
			if !errors.As(err, &e) || e.Exit != 2 || e.Text == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if len(got.Path) == 0 || strings.HasPrefix(got.Path[0], "__complete") {
			return
		}
		words := slices.Clone(got.Path)
		if got.Type != "" {
			words = append(words, got.Type)
		}
		again, err := Path(append(words, got.Rest...), testWords(), testGlobals())
		if err != nil || !slices.Equal(got.Path, again.Path) || got.Type != again.Type || !slices.Equal(got.Rest, again.Rest) {
			t.Fatalf("%q is %+v, which reads as %+v, %v", s, got, again, err)
		}
	})
}

// One dash before a whole long name is refused, since az reads its first letter
// as a flag and the rest as the value. Any other value may be joined.
func TestExpandRefusesOneDash(t *testing.T) {
	t.Parallel()
	flags := append(testFlags(), Flag{Name: "vm-size", Short: "s", Aliases: []string{"size"}, TakesValue: true, V1: true}, Flag{Name: "yes", Short: "y"})
	for _, arg := range []string{"-name", "-name=dev", "-Name", "-NAME=dev", "-size", "-size=x", "-vm-size", "-yes", "-yes=true", "-help", "-query", "-no-wait"} {
		got, err := Expand([]string{arg, "dev"}, flags, nil)
		var e *exit.Error
		if !errors.As(err, &e) || !strings.Contains(e.Tip, "write --"+strings.ToLower(strings.TrimLeft(strings.Split(arg, "=")[0], "-"))+", with two dashes") {
			t.Errorf("%s: %q, %v", arg, got, err)
		}
	}
	flags = append(flags, Flag{Name: "workspace-name", Short: "w", TakesValue: true, V1: true})
	reading := slices.DeleteFunc(slices.Clone(flags), func(f Flag) bool { return f.Name == "dry-run" })
	if got, err := Expand([]string{"-whatif"}, reading, nil); err != nil || !slices.Equal(got, []string{"--workspace-name=hatif"}) {
		t.Errorf("where nothing is sent: %q, %v", got, err)
	}
	for _, arg := range []string{"-whatif", "-WhatIf", "-WhatIf=true"} {
		got, err := Expand([]string{arg, "dev"}, append(flags, Flag{Name: "dry-run"}), nil)
		var e *exit.Error
		if !errors.As(err, &e) || e.Tip != "write --dry-run, with two dashes" {
			t.Errorf("%s: %q, %v", arg, got, err)
		}
	}
	for arg, want := range map[string]string{"-ntechzone": "--name=techzone", "-nnames": "--name=names", "-nam": "--name=am", "-ssize": "--vm-size=size", "-nname": "--name=name"} {
		if got, err := Expand([]string{arg}, flags, nil); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, %v; want %s", arg, got, err, want)
		}
	}
}

// Another name of a v1 flag is not a name v1 had: where only new names match a
// prefix they are all candidates.
func TestAliasesDoNotWinPrefixes(t *testing.T) {
	t.Parallel()
	flags := []Flag{
		{Name: "vm-size", Aliases: []string{"size"}, TakesValue: true, V1: true},
		{Name: "since", TakesValue: true},
		{Name: "state", TakesValue: true, V1: true},
	}
	if got, err := Expand([]string{"--si", "x"}, flags, nil); err == nil || !strings.HasSuffix(err.Error(), "could match --since, --vm-size") {
		t.Errorf("--si: %q, %v", got, err)
	}
	if got, err := Expand([]string{"--s", "x"}, flags, nil); err != nil || !slices.Equal(got, []string{"--state=x"}) {
		t.Errorf("--s: %q, %v", got, err)
	}
}

// What only looks like a dash is named in the advice about a flag.
func TestExpandNamesLookalikes(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"--no–wait", "-–no-wait", "--no-wait”", "--no-wait\r", "--\u200bno-wait"} {
		_, err := Expand([]string{arg}, testFlags(), nil)
		var e *exit.Error
		if !errors.As(err, &e) || !strings.Contains(e.Tip, "it contains ") || !strings.Contains(e.Tip, "did you mean --no-wait?") {
			t.Errorf("%q: %v, %+v", arg, err, e)
		}
	}
}
