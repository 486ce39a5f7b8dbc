package armtemplate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/armtemplate"
)

func scope() armtemplate.Scope {
	values := map[string]any{"name": "dev", "Dotted.name": "x", "n": 4, "on": true, "list": []any{"a", "b"}, "object": map[string]any{"key": map[string]any{"inner": 1}}, "none": nil, "empty": ""}
	look := func(name string) (any, error) {
		for key, v := range values {
			if strings.EqualFold(key, name) {
				return v, nil
			}
		}
		return nil, fmt.Errorf("there is no %s", name)
	}
	return armtemplate.Scope{Parameter: look, Variable: look, Subscription: map[string]any{"subscriptionId": "S"}, ResourceGroup: map[string]any{"name": "g"}}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[parameters('name')]":                             `"dev"`,
		"[ PARAMETERS( 'Name' ) ]":                         `"dev"`,
		"[parameters('Dotted.name')]":                      `"x"`,
		"[concat('ws/', parameters('name'))]":              `"ws/dev"`,
		"[concat(parameters('list'), createArray('c'))]":   `["a","b","c"]`,
		"[format('{0}/{1}-{{x}}', 'ws', parameters('n'))]": `"ws/4-{x}"`,
		"['it''s']":                                               `"it's"`,
		"[variables('object').key['inner']]":                      `1`,
		"[variables('object').KEY.inner]":                         `1`,
		"[parameters('list')[1]]":                                 `"b"`,
		"[if(and(not(empty(parameters('name'))), true()), 1, 2)]": `1`,
		"[if(false(), missing('x'), 'fine')]":                     `"fine"`,
		"[if(or(false(), equals('a','b')), 1, json('null'))]":     `null`,
		"[if(equals(1, 1), createObject('id', 'x'), null())]":     `{"id":"x"}`,
		"[empty(parameters('none'))]":                             `true`,
		"[json('{\"a\": [1, true]}')]":                            `{"a":[1,true]}`,
		"[base64('ls')]":                                          `"bHM="`,
		"[base64ToString('bHM=')]":                                `"ls"`,
		"[union(createObject('a',1,'b',createObject('c',1)), createObject('b',createObject('d',2)))]": `{"a":1,"b":{"c":1,"d":2}}`,
		"[union(createArray(1,2), createArray(2,3))]":                                                 `[1,2,3]`,
		"[toLower('AbC')]":                    `"abc"`,
		"[length(parameters('list'))]":        `2`,
		"[contains(parameters('list'), 'a')]": `true`,
		"[contains('abc', 'd')]":              `false`,
		"[replace('a-b', '-', '_')]":          `"a_b"`,
		"[join(split('a,b', ','), '+')]":      `"a+b"`,
		"[int('42')]":                         `42`,
		"[string(42)]":                        `"42"`,
		"[bool('TRUE')]":                      `true`,
		"[coalesce(parameters('none'), 'x')]": `"x"`,
		"[add(1, -3)]":                        `-2`,
		"[first('abc')]":                      `"a"`,
		"[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]":       `"/subscriptions/S/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"`,
		"[resourceId('rg', 'Microsoft.Network/virtualNetworks/subnets', 'v', 's')]": `"/subscriptions/S/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s"`,
		"[resourceId('T', 'rg', 'Microsoft.Compute/virtualMachines', 'v')]":         `"/subscriptions/T/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v"`,
		"[subscription().subscriptionId]":                                           `"S"`,
	} {
		v, err := armtemplate.Evaluate(text, scope())
		got, _ := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[reference('x').y]":              "the function reference() is not supported here; write its value",
		"[uniqueString('x')]":             "the function uniqueString() is not supported here",
		"[parameters('other')]":           "there is no other",
		"[concat('a'":                     "is not an expression",
		"[concat('a']":                    "a comma or ) is missing in concat()",
		"[concat('a)]":                    "a quote is missing",
		"[concat('a'))]":                  `")" is left over`,
		"[]":                              "a value is missing",
		"[parameters('list')[7]]":         "there is no element 7",
		"[parameters('object').other]":    `there is no property "other"`,
		"[parameters('name').x]":          "neither an object nor a list",
		"[if('yes', 1, 2)]":               "if(): the arguments do not fit",
		"[int('x')]":                      "int():",
		"[json('{')]":                     "json(): this is not JSON",
		"[resourceId('a', 'b')]":          "a type such as",
		"[resourceId('A.B/c', 'd', 'e')]": "needs 1 names, and there are 2",
		"[" + strings.Repeat("not(", 200) + "true()" + strings.Repeat(")", 200) + "]": "too deep",
	} {
		if v, err := armtemplate.Evaluate(text, scope()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s is %v, %v; want %s", text, v, err, want)
		}
	}
	if _, err := armtemplate.Evaluate("[resourceGroup().location]", scope()); !errors.Is(err, armtemplate.ErrUnknown) || !strings.Contains(err.Error(), "resourceGroup().location") {
		t.Error(err)
	}
	if armtemplate.IsExpression("[[x]") || armtemplate.IsExpression("x") || !armtemplate.IsExpression("[x]") {
		t.Error("expressions")
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, text := range []string{"[concat('a', parameters('name'))]", "[if(true(), 1, 2)]", "[variables('object').key['inner']]", "[format('{0}', 1)]", "[replace('aa','a','b')]", "[resourceId('A.B/c','d')]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := armtemplate.Evaluate(text, scope())
		if err == nil {
			if _, err := json.Marshal(v); err != nil {
				t.Fatal(err)
			}
		}
	})
}
