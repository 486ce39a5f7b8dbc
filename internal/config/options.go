// Package config resolves settings from flags, environment, project file, user
// file and az, in that order. One table lists all settings, and one function
// decides between sources. A file is read only when a value needs it. It is the
// only package that imports viper.
package config

// Level is a kind of source. A higher level wins.
type Level int

// The levels, from the weakest to the strongest.
const (
	LevelNone    Level = iota // not set anywhere
	LevelDefault              // built in
	LevelAz                   // az's environment variables and files
	LevelUser                 // the user's config.yaml
	LevelProject              // a project's config.json
	LevelEnv                  // COMPUTETARGET_ variables
	LevelFlag                 // the command line
)

// Kind is the type of an option's values.
type Kind int

// The kinds.
const (
	Text     Kind = iota // any text
	Choice               // one of Option.Values, in any case
	Bool                 // true or false
	Duration             // 90m, 1h30m, 3d or 0
	URL                  // an http or https URL
	File                 // the path of a file
	Folder               // the path of a folder
	Cloud                // a cloud's name
	Group                // a resource group's name
	Name                 // a workspace's name
	ID                   // a subscription's id or name
	Zone                 // a time zone of Windows or of IANA
	Pace                 // instant, fast, real, or how many times as fast as real
	Version              // an api-version, such as 2025-12-01 or 2025-12-01-preview
)

// Option is one setting.
type Option struct {
	// Key names the option in config.yaml and for config get and set.
	Key string
	// Flags are the long flags that set it, the strongest first.
	Flags []string
	// Short is the short flag, such as "-g", or "".
	Short string
	// Env is its environment variable, or "".
	Env string
	// Project is true if a project's config.json may set it.
	Project bool
	// User is true if config.yaml may set it.
	User bool
	// Az is true if az's files and variables may set it.
	Az bool
	// Default is the value if no source has one.
	Default string
	// Secret values are never shown.
	Secret bool
	Kind   Kind
	// Values are the choices of a Choice.
	Values []string
	// Help is a one-line description.
	Help string
}

// Keys of the options.
const (
	Subscription   = "subscription"
	ResourceGroup  = "resource-group"
	Workspace      = "workspace"
	CloudName      = "cloud"
	Endpoint       = "endpoint"
	Output         = "output"
	APIVersion     = "api-version"
	AuthMode       = "auth-mode"
	AccessToken    = "access-token"
	Timeout        = "timeout"
	TimeZone       = "time-zone"
	Progress       = "progress"
	NoColor        = "no-color"
	OnlyShowErrors = "only-show-errors"
	CAFile         = "ca-file"
	EmulatorDir    = "emulator-dir"
	EmulatorPace   = "emulator-pace"
)

// Options lists every option, in display order.
func Options() []Option {
	return []Option{
		{Key: Subscription, Flags: []string{"subscription-id", "subscription"}, Env: "COMPUTETARGET_SUBSCRIPTION",
			Project: true, User: true, Az: true, Kind: ID,
			Help: "subscription of the workspace, by id or by the name az knows"},
		{Key: ResourceGroup, Flags: []string{"resource-group"}, Short: "-g", Env: "COMPUTETARGET_RESOURCE_GROUP",
			Project: true, User: true, Az: true, Kind: Group, Help: "resource group of the workspace"},
		{Key: Workspace, Flags: []string{"workspace-name"}, Short: "-w", Env: "COMPUTETARGET_WORKSPACE",
			Project: true, User: true, Az: true, Kind: Name, Help: "workspace that holds the computes"},
		{Key: CloudName, Flags: []string{"cloud"}, Env: "COMPUTETARGET_CLOUD", User: true, Az: true, Kind: Cloud,
			Default: "AzureCloud", Help: "public, china, usgov, a cloud registered with az, or emulator"},
		{Key: Endpoint, Flags: []string{"endpoint"}, Env: "COMPUTETARGET_ENDPOINT", User: true, Kind: URL,
			Help: "Resource Manager URL to use instead of the cloud's own"},
		{Key: Output, Flags: []string{"output"}, Short: "-o", Env: "COMPUTETARGET_OUTPUT", User: true, Az: true, Kind: Choice,
			Values: []string{"json", "jsonc", "table", "tsv", "yaml", "yamlc", "name", "id", "wide", "none"},
			Help:   "output format (default: a readable view on a terminal, json elsewhere)"},
		{Key: APIVersion, Flags: []string{"api-version"}, Env: "COMPUTETARGET_API_VERSION", User: true, Kind: Version,
			Help: "api-version of every request instead of the one chosen per operation"},
		{Key: AuthMode, Flags: []string{"auth-mode"}, Env: "COMPUTETARGET_AUTH_MODE", User: true, Kind: Choice,
			Values: []string{"auto", "env", "workload", "azurecli", "msi", "azd", "token"}, Default: "auto",
			Help: "source of access tokens"},
		{Key: AccessToken, Env: "COMPUTETARGET_ACCESS_TOKEN", Secret: true,
			Help: "access token for --auth-mode token"},
		{Key: Timeout, Flags: []string{"timeout"}, Env: "COMPUTETARGET_TIMEOUT", User: true, Kind: Duration, Default: "1h",
			Help: "how long to wait for an operation; 0 waits forever"},
		{Key: TimeZone, Flags: []string{"time-zone"}, Env: "COMPUTETARGET_TIME_ZONE", User: true, Kind: Zone,
			Help: "time zone of schedules, such as Europe/Berlin or W. Europe Standard Time"},
		{Key: Progress, Env: "COMPUTETARGET_PROGRESS", User: true, Kind: Choice, Values: []string{"auto", "plain", "none"},
			Default: "auto", Help: "how to show progress"},
		{Key: NoColor, Env: "NO_COLOR", Az: true, Kind: Bool, Default: "false", Help: "turn colors off; any non-empty NO_COLOR counts"},
		{Key: OnlyShowErrors, Flags: []string{"only-show-errors"}, Az: true, Kind: Bool, Default: "false",
			Help: "print no notes or warnings on stderr"},
		{Key: CAFile, Flags: []string{"ca-file"}, User: true, Kind: File,
			Help: "PEM file of certificate authorities to trust besides the system's"},
		{Key: EmulatorDir, Env: "COMPUTETARGET_EMULATOR_DIR", User: true, Kind: Folder,
			Help: "folder of the emulator's state"},
		{Key: EmulatorPace, Flags: []string{"pace"}, Env: "COMPUTETARGET_EMULATOR_PACE", User: true, Kind: Pace, Default: "fast",
			Help: "how fast the emulator's operations are: instant, fast, real, or a number of times real"},
	}
}

// Lookup returns the option of a key.
func Lookup(key string) (Option, bool) {
	for _, option := range Options() {
		if option.Key == key {
			return option, true
		}
	}
	return Option{}, false
}
