package storage

import (
	"encoding/xml"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// markup builds an XML document.
type markup struct{ strings.Builder }

// open begins an element; attributes are pairs of a name and a value.
func (m *markup) open(name string, attributes ...string) *markup {
	if m.Len() == 0 {
		m.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	}
	m.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		m.WriteString(" " + attributes[i] + `="`)
		_ = xml.EscapeText(m, []byte(attributes[i+1])) // a Builder takes everything
		m.WriteString(`"`)
	}
	m.WriteString(">")
	return m
}

// text is an element that holds text.
func (m *markup) text(name, value string) *markup {
	if value == "" {
		m.WriteString("<" + name + " />")
		return m
	}
	m.open(name)
	_ = xml.EscapeText(m, []byte(value)) // a Builder takes everything
	return m.close(name)
}

func (m *markup) close(name string) *markup {
	m.WriteString("</" + name + ">")
	return m
}

// body makes the document the body of an answer.
func (m *markup) body(res *arm.Response) *arm.Response {
	res.Body = []byte(m.String())
	res.Header["Content-Type"] = []string{"application/xml"}
	return res
}
