package share

import (
	"testing"
	"time"
)

// A listing is read whatever the order of its elements, with names that are encoded
// and times in either form.
func TestReadList(t *testing.T) {
	t.Parallel()
	items, next, err := readList([]byte("\xef\xbb\xbf" + `<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="https://a/" ShareName="s" DirectoryPath="Logs/dev"><Prefix /><MaxResults>2</MaxResults>
<DirectoryId>1</DirectoryId><Entries>
<File><Properties><Content-Length>12</Content-Length><CreationTime>2026-01-01T00:00:00Z</CreationTime>
<LastWriteTime>2026-01-02T03:04:05.0000000Z</LastWriteTime><Last-Modified>Sat, 03 Jan 2026 03:04:05 GMT</Last-Modified></Properties><Name>a &amp; b</Name></File>
<Directory><Name Encoded="true">c%2Bd+e</Name><Properties /></Directory>
<File><Name>f</Name><Properties><Content-Length>0</Content-Length><Last-Modified>Sat, 03 Jan 2026 03:04:05 GMT</Last-Modified></Properties></File>
</Entries><NextMarker>next&lt;</NextMarker></EnumerationResults>`))
	want := []item{
		{name: "a & b", size: 12, modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		{name: "c+d e", folder: true},
		{name: "f", modified: time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC)},
	}
	if err != nil || next != "next<" || len(items) != len(want) {
		t.Fatalf("%+v %q %v", items, next, err)
	}
	for i := range want {
		if items[i] != want[i] {
			t.Errorf("%+v, want %+v", items[i], want[i])
		}
	}
	for _, text := range []string{"", "<a>", "no list", "<a></b>", "<html><body><EnumerationResults/></body></html>", "<EnumerationResults><Entries>"} {
		if _, _, err := readList([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte(`<EnumerationResults><Entries><File><Name Encoded="true">%</Name></File></Entries><NextMarker/></EnumerationResults>`))
	f.Add([]byte(`<a><Entries><b><c/></b></Entries>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if items, next, err := readList(text); err != nil && (items != nil || next != "") {
			t.Errorf("%q gave both a list and %v", text, err)
		}
	})
}
