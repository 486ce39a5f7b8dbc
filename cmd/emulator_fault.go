package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/emulator"
)

func newEmulatorFaultAdd() *command {
	var (
		f                   emulator.Fault
		latency, retryAfter string
	)
	c := &cobra.Command{
		Use: "add",
		Long: `Make matching requests fail from now on. --match is a method and a path, in
which * matches any text. Choose a failure with --status, --reset, --body,
--operation or --expired-token. Use --latency with any of them or alone. If
several faults match a request, the oldest applies.`,
		Example: `  computetarget emulator fault add --match 'POST */start' --status 429 --retry-after 7s --times 3
  computetarget emulator fault add --match 'PUT *' --reset after --times 1
  computetarget emulator fault add --match 'POST */stop' --operation never-ending
  computetarget emulator fault add --match '* *' --latency 2s`,
	}
	fs := c.Flags()
	fs.StringVar(&f.Match, "match", "", "`REQUEST` such as 'POST */start'")
	fs.IntVar(&f.Times, "times", 0, "`NUMBER` of requests to hit (default all)")
	fs.IntVar(&f.Status, "status", 0, "`STATUS` to answer instead of serving the request")
	fs.StringVar(&f.Code, "code", "", "`CODE` of the error under --status")
	fs.StringVar(&f.Message, "message", "", "`TEXT` of the error under --status")
	fs.StringVar(&retryAfter, "retry-after", "", "`DURATION` to wait, in the answer under --status")
	fs.StringVar(&latency, "latency", "", "`DURATION` to delay the request")
	fs.StringVar(&f.Reset, "reset", "", "break the connection: `WHEN` is before or after the request is served")
	fs.StringVar(&f.Body, "body", "", "break the answer: `HOW` is truncated, malformed, html or empty")
	fs.StringVar(&f.Operation, "operation", "", "`FATE` of the operation that begins: never-ending, lost or failed")
	fs.BoolVar(&f.ExpiredToken, "expired-token", false, "answer that the token has expired")
	choice(fs, "reset", "before", "after")
	choice(fs, "body", "truncated", "malformed", "html", "empty")
	choice(fs, "operation", "never-ending", "lost", "failed")
	required(c, "match")
	return run(c, func(ctx context.Context, a *app.App, _ []string) (render.Result, error) {
		for _, given := range []struct {
			flag, text string
			to         *string
		}{{"--latency", latency, &f.Latency}, {"--retry-after", retryAfter, &f.RetryAfter}} {
			if given.text == "" {
				continue
			}
			d, err := config.ParseDuration(given.text)
			if err != nil {
				return render.Result{}, exit.Usagef("%s %w", given.flag, err)
			}
			*given.to = d.String()
		}
		return faultList(a.Emulator.Drive(ctx, "POST", "faults", f))
	})
}

func newEmulatorFaultList() *command {
	return driveCommand(&cobra.Command{
		Use: "list",
		Long: `List the faults of the emulator in the order in which they apply, and how many
requests each has hit.`,
		Example: `  computetarget emulator fault list
  computetarget emulator fault list -o json`,
	}, "GET", "faults", faultList)
}

func newEmulatorFaultClear() *command {
	return driveCommand(&cobra.Command{
		Use:     "clear",
		Long:    `Remove all faults of the emulator. Their effects so far remain.`,
		Example: `  computetarget emulator fault clear`,
	}, "DELETE", "faults", faultList)
}

// faultList renders faults.
func faultList(raw json.RawMessage, err error) (render.Result, error) {
	return answer(raw, err, func(p *render.Page, list []emulator.Fault) {
		if len(list) == 0 {
			p.Aside("No faults")
		}
		for _, f := range list {
			times := "every time"
			if f.Times > 0 {
				times = fmt.Sprintf("%d of %d times", f.Struck, f.Times)
			}
			p.Line("%s  %s: %s, %s", f.ID, f.Match, faultWords(f), times)
		}
	})
}

// faultWords describes a fault.
func faultWords(f emulator.Fault) string {
	var words []string
	if f.Latency != "" {
		words = append(words, "waits "+f.Latency)
	}
	switch {
	case f.Status != 0:
		words = append(words, fmt.Sprintf("status %d", f.Status))
	case f.Reset != "":
		words = append(words, "connection broken "+f.Reset+" it is served")
	case f.Body != "":
		words = append(words, "body "+f.Body)
	case f.Operation != "":
		words = append(words, "operation "+f.Operation)
	case f.ExpiredToken:
		words = append(words, "token expired")
	}
	return strings.Join(words, ", ")
}
