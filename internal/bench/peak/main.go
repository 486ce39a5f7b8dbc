// Command peak runs a program and prints the most memory it held, in
// kilobytes; 0 where the system does not tell.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
)

func main() {
	c := exec.Command(os.Args[1], os.Args[2:]...) //nolint:noctx // it ends with its parent
	c.Stderr = os.Stderr
	if _, err := c.Output(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(kilobytes(c.ProcessState))
}
