package render

import "testing"

func TestCarried(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		carry       Carried
		text, wants string
	}{
		{Carried{}, "dev is Running · computetarget open dev", "dev is Running · computetarget open dev"},
		{Carried{Cloud: "--cloud emulator"}, "dev is Running · computetarget open dev", "dev is Running · computetarget --cloud emulator open dev"},
		{Carried{"--endpoint http://127.0.0.1:1", "--workspace-name w"}, "computetarget list shows it, computetarget config show the settings; computetarget use NAME",
			"computetarget --endpoint http://127.0.0.1:1 --workspace-name w list shows it, computetarget config show the settings; computetarget --endpoint http://127.0.0.1:1 use NAME"},
		{Carried{Workspace: "--workspace-name w"}, "computetarget use NAME -g GROUP", "computetarget use NAME -g GROUP"},
		{Carried{Cloud: "--cloud emulator"}, "COMPUTETARGET_CLOUD=emulator computetarget wait dev", "COMPUTETARGET_CLOUD=emulator computetarget wait dev"},
		{Carried{Workspace: "--workspace-name w"}, "to go on: computetarget wait dev -g r -w w --subscription-id s", "to go on: computetarget wait dev -g r -w w --subscription-id s"},
		{Carried{Cloud: "--cloud emulator"}, "it does not seem to be an emulator of computetarget", "it does not seem to be an emulator of computetarget"},
		{Carried{Cloud: "--cloud emulator"}, "start the server first: computetarget emulator serve", "start the server first: computetarget emulator serve"},
	} {
		s, _, _ := TestStreams("", 0, 0)
		s.Carry = test.carry
		if got := s.said(test.text); got != test.wants {
			t.Errorf("%+v: %q, want %q", test.carry, got, test.wants)
		}
	}
}
