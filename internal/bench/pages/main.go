// Command pages is the yardstick of list: it reads the pages of a list and
// decodes them into maps, nothing else.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	n := 0
	for url := os.Args[1]; url != ""; {
		resp, err := http.Get(url) //nolint:noctx // a yardstick
		if err != nil {
			log.Fatal(err)
		}
		var page struct {
			Value    []map[string]any `json:"value"`
			NextLink string           `json:"nextLink"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
			log.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			log.Fatal(err)
		}
		n += len(page.Value)
		url = page.NextLink
	}
	fmt.Println(n)
}
