package loopback_test

import (
	"errors"
	"testing"

	"github.com/computetarget/computetarget/pkg/loopback"
)

func TestIs(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "emulator.localhost": true, "Emulator.Localhost": true,
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, ".": false, "localhost.example": false, "notlocalhost": false, "localhost..": false,
		"10.0.0.1": false, "0.0.0.0": false, "::": false, "127.1": false, "0x7f.1": false, "2130706433": false,
		"127.0.0.1.example": false, "::ffff:10.0.0.1": false, "example.com": false,
	} {
		if got := loopback.Is(host); got != want {
			t.Errorf("Is(%q) = %t, want %t", host, got, want)
		}
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true,
		"10.0.0.1:80": false, "0.0.0.0:80": false, "[2001:db8::1]:80": false, "localhost:80": false, "": false,
	} {
		if err := loopback.Control("tcp", address, nil); (err == nil) != want || err != nil && !errors.Is(err, loopback.ErrElsewhere) {
			t.Errorf("%q: %v, want it allowed: %t", address, err, want)
		}
	}
}
