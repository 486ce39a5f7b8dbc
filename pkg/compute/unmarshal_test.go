package compute

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// sample has a field of every kind that the service's JSON is read into.
type sample struct {
	Text  string
	Whole int `json:"wholeNumber"`
	Truth bool
	Maybe *bool
	Share float64
	Inner *sample
	Plain struct{ Text, Other string }
	List  []sample
	Words []string
	Tags  map[string]string
	Raw   json.RawMessage
	At    Time
	Any   any
	*embedded
}

type embedded struct {
	Deep string
	Text string // hidden by the outer one
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	tests := map[string]sample{
		`{}`:   {},
		`null`: {},
		`{"TEXT":"a","WholeNumber":3,"deep":"b","unknown":[{"a":1}]}`:                       {Text: "a", Whole: 3, embedded: &embedded{Deep: "b"}},
		`{"te\u0078t":"\u00e9\n","words":["a",null,"b"],"list":[]}`:                         {Text: "é\n", Words: []string{"a", "", "b"}, List: []sample{}},
		`{"text":7,"wholeNumber":"3","truth":[],"share":{},"plain":1,"list":"x","tags":[]}`: {},
		`{"wholeNumber":1.5,"maybe":1,"inner":{"wholeNumber":99999999999999999999}}`:        {Inner: &sample{}},
		`{"truth":"True","maybe":"FALSE","inner":{"truth":"yes","maybe":true}}`:             {Truth: true, Maybe: &no, Inner: &sample{Maybe: &yes}},
		`{"maybe":true,"maybe":null,"words":["a"],"words":null,"text":"a","text":null}`:     {Text: "a"},
		`{"tags":{"a":"b","c":1},"raw": {"x":[1]} ,"share":0.5,"any":[1]}`:                  {Tags: map[string]string{"a": "b", "c": ""}, Raw: json.RawMessage(`{"x":[1]}`), Share: 0.5, Any: []any{1.0}},
	}
	for data, want := range tests {
		got := sample{embedded: &embedded{}}
		if want.embedded == nil {
			want.embedded = &embedded{}
		}
		if err := unmarshal([]byte(data), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v, %v\nwant %+v", data, got, err, want)
		}
	}
	for _, data := range []string{"", " ", "{", `{"a":1,}`, `{"text":"a"`, `{} {}`, `{}x`, `[1`, `{"list":[{}`, "nul"} {
		if err := unmarshal([]byte(data), &sample{embedded: &embedded{}}); err == nil {
			t.Errorf("%q was read", data)
		}
	}
}

// FuzzUnmarshal holds that what encoding/json reads without an error is read alike.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"text":"a","wholenumber":1,"truth":true,"maybe":false,"share":1e3,"inner":{"text":"b"},"plain":{"other":"c"},"list":[{},{"words":["a"]}],"tags":{"a":"b"},"raw":[1],"any":{"a":[null]},"deep":"d"}`))
	f.Add([]byte(`{"inner":null,"list":null,"words":[],"at":"2026-01-01t00:00:00z","te\u0078t":"\ud800"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.ToLower(data) // so that no two keys differ in case only
		want, got := sample{embedded: &embedded{}}, sample{embedded: &embedded{}}
		if !jsontext.Value(data).IsValid() || json.Unmarshal(data, &want) != nil {
			return // among them what has a key twice
		}
		if err := unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot  %+v, %v\nwant %+v", data, got, err, want)
		}
	})
}
