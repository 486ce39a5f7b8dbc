// Command hello is the yardstick of start-up: the least a Go program can be
// that could speak HTTP.
package main

import (
	"fmt"
	_ "net/http" // linked and initialized, as in any client
)

func main() { fmt.Println("hello") }
