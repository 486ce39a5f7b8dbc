package azure

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// Names of the built-in clouds, as az spells them.
const (
	Public       = "AzureCloud"
	China        = "AzureChinaCloud"
	USGovernment = "AzureUSGovernment"
)

// Cloud is an Azure cloud: its Resource Manager, its sign-in service and the
// hosts that may receive its tokens.
type Cloud struct {
	// Name is az's name of the cloud, such as AzureCloud.
	Name string
	// Endpoint is the Resource Manager's base URL, without a trailing slash.
	Endpoint string
	// Audience is the audience to request Resource Manager tokens for.
	Audience string
	// Audiences are all spellings of Audience that the Resource Manager
	// accepts.
	Audiences []string
	// Authority is the base URL of the sign-in service, without a trailing
	// slash.
	Authority string
	// LoginHosts are the hosts of the sign-in service, Authority's first:
	// token caches may name any of them.
	LoginHosts []string
	// TokenHosts are the hosts that may receive a token. "*.NAME" means every
	// host below NAME.
	TokenHosts []string
	// Instances ends the names of the hosts of instances, such as
	// instances.azureml.ms; empty if unknown.
	Instances string
	// Portal and Studio are base URLs of web pages; empty if unknown.
	Portal string
	Studio string
	// Services are the addresses beside the Resource Manager; empty if unknown.
	Services
	// Registered is true for a cloud added with az cloud register.
	Registered bool
}

// Scope is the OAuth scope of a token for the cloud's Resource Manager.
func (c Cloud) Scope() string {
	return strings.TrimSuffix(c.Audience, "/") + "/.default"
}

// builtin lists Microsoft's public clouds. Resource Manager and login endpoints
// are from az cloud list, machine learning hosts from the page "Configure
// inbound and outbound network traffic" of Azure Machine Learning.
func builtin() []Cloud {
	return []Cloud{
		{
			Name:       Public,
			Endpoint:   "https://management.azure.com",
			Audience:   "https://management.core.windows.net/",
			Audiences:  []string{"https://management.core.windows.net", "https://management.azure.com"},
			Authority:  "https://login.microsoftonline.com",
			LoginHosts: []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
			TokenHosts: []string{"management.azure.com", "*.management.azure.com", "*.api.azureml.ms"},
			Instances:  "instances.azureml.ms",
			Portal:     "https://portal.azure.com",
			Studio:     "https://ml.azure.com",
			Services:   Services{Graph: "https://graph.microsoft.com", Storage: "core.windows.net"},
		},
		{
			Name:       China,
			Endpoint:   "https://management.chinacloudapi.cn",
			Audience:   "https://management.core.chinacloudapi.cn/",
			Audiences:  []string{"https://management.core.chinacloudapi.cn", "https://management.chinacloudapi.cn"},
			Authority:  "https://login.chinacloudapi.cn",
			LoginHosts: []string{"login.chinacloudapi.cn", "login.partner.microsoftonline.cn"},
			TokenHosts: []string{"management.chinacloudapi.cn", "*.management.chinacloudapi.cn", "*.api.ml.azure.cn"},
			Instances:  "instances.azureml.cn",
			Portal:     "https://portal.azure.cn",
			Studio:     "https://studio.ml.azure.cn",
			Services:   Services{Graph: "https://microsoftgraph.chinacloudapi.cn", Storage: "core.chinacloudapi.cn"},
		},
		{
			Name:       USGovernment,
			Endpoint:   "https://management.usgovcloudapi.net",
			Audience:   "https://management.core.usgovcloudapi.net/",
			Audiences:  []string{"https://management.core.usgovcloudapi.net", "https://management.usgovcloudapi.net"},
			Authority:  "https://login.microsoftonline.us",
			LoginHosts: []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
			TokenHosts: []string{"management.usgovcloudapi.net", "*.management.usgovcloudapi.net", "*.api.ml.azure.us"},
			Instances:  "instances.azureml.us",
			Portal:     "https://portal.azure.us",
			Studio:     "https://ml.azure.us",
			Services:   Services{Graph: "https://graph.microsoft.us", Storage: "core.usgovcloudapi.net"},
		},
	}
}

// CanonicalCloud maps the short names public, china and usgov to az's names and
// corrects the case of az's names. It returns any other name unchanged.
func CanonicalCloud(name string) string {
	switch strings.ToLower(name) {
	case "public", strings.ToLower(Public), "azurepubliccloud":
		return Public
	case "china", strings.ToLower(China):
		return China
	case "usgov", "usgovernment", strings.ToLower(USGovernment), "azureusgovernmentcloud":
		return USGovernment
	}
	return name
}

// ErrCloud is the cause of every error about an unknown cloud or an unusable
// registration.
var ErrCloud = errors.New("the cloud cannot be used")

func cloudError(name, reason string) error {
	return &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("cloud %q %s", name, reason), Err: ErrCloud}
}

// FindCloud returns a cloud by name: a built-in one, by az's name or as
// public, china or usgov, or one that az cloud register wrote to clouds.config
// in configDir. Built-in clouds need no file.
func FindCloud(name, configDir string) (Cloud, error) {
	canonical := CanonicalCloud(name)
	for _, cloud := range builtin() {
		if cloud.Name == canonical {
			return cloud, nil
		}
	}
	ini, err := registeredClouds(configDir)
	if err != nil {
		return Cloud{}, err
	}
	for _, section := range ini.Sections() {
		if section == name {
			return registered(ini, section)
		}
	}
	known := []string{"public", "china", "usgov", "emulator"}
	for _, section := range ini.Sections() {
		if ini.Get(section, "endpoint_resource_manager") != "" && CanonicalCloud(section) == section {
			known = append(known, section)
		}
	}
	return Cloud{}, cloudError(name, "is not known: use one of "+strings.Join(known, ", ")+
		", or register it with az cloud register")
}

// Clouds lists the built-in clouds and the usable registered ones.
func Clouds(configDir string) ([]Cloud, error) {
	clouds := builtin()
	ini, err := registeredClouds(configDir)
	if err != nil {
		return clouds, err
	}
	for _, section := range ini.Sections() {
		if slices.Contains([]string{Public, China, USGovernment}, section) {
			continue
		}
		if cloud, err := registered(ini, section); err == nil {
			clouds = append(clouds, cloud)
		}
	}
	return clouds, nil
}

func registeredClouds(configDir string) (*INI, error) {
	if configDir == "" {
		return ParseINI(nil), nil
	}
	return ReadINI(filepath.Join(configDir, "clouds.config"))
}

// registered builds a cloud from its section of clouds.config. The names are
// the options of az cloud register.
func registered(ini *INI, section string) (Cloud, error) {
	endpoint, err := baseURL(ini.Get(section, "endpoint_resource_manager"))
	if err != nil {
		return Cloud{}, cloudError(section, "is registered with an unusable endpoint_resource_manager: "+err.Error())
	}
	authority, err := baseURL(ini.Get(section, "endpoint_active_directory"))
	if err != nil {
		return Cloud{}, cloudError(section, "is registered with an unusable endpoint_active_directory: "+err.Error())
	}
	audience := ini.Get(section, "endpoint_active_directory_resource_id")
	if audience == "" {
		audience = ini.Get(section, "endpoint_management")
	}
	if audience == "" {
		audience = endpoint.String()
	}
	return Cloud{
		Name:       section,
		Endpoint:   endpoint.String(),
		Audience:   audience,
		Audiences:  []string{strings.TrimSuffix(audience, "/")},
		Authority:  authority.String(),
		LoginHosts: []string{authority.Host},
		TokenHosts: []string{endpoint.Hostname(), "*." + endpoint.Hostname()},
		Portal:     strings.TrimSuffix(ini.Get(section, "endpoint_portal"), "/"),
		Services:   registeredServices(ini, section),
		Registered: true,
	}, nil
}

// registeredServices are those of a registration that can be used.
func registeredServices(ini *INI, section string) Services {
	var s Services
	if graph, err := baseURL(ini.Get(section, "endpoint_microsoft_graph_resource_id")); err == nil {
		s.Graph = graph.String()
	}
	if suffix := strings.TrimPrefix(ini.Get(section, "suffix_storage_endpoint"), "."); isHostName(suffix) {
		s.Storage = suffix
	}
	return s
}

func baseURL(value string) (*url.URL, error) {
	if value == "" {
		return nil, fmt.Errorf("it is not set")
	}
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(value), "/"))
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", value)
	}
	if u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not an https URL", value)
	}
	if err := plainHost(u); err != nil {
		return nil, fmt.Errorf("%q %w", value, err)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}, nil
}

// plainHost checks that a URL has an ASCII DNS name or IP address, a valid
// port, and a path without escapes. It drops a trailing dot, so that each host
// has one spelling.
func plainHost(u *url.URL) error {
	host := strings.TrimSuffix(u.Hostname(), ".")
	address, err := netip.ParseAddr(host)
	if err == nil && address.Zone() != "" || err != nil && !isHostName(host) {
		return errors.New("has a host that is not a name or an IP address; write an international name as xn--…")
	}
	port := u.Port()
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535) {
		return errors.New("has a port that is not a number from 1 to 65535")
	}
	if strings.ContainsFunc(u.Path, func(r rune) bool { return r != '/' && r != '.' && r != '~' && !isNameRune(r) }) {
		return errors.New("has a path with characters other than letters, digits and -._~/")
	}
	switch {
	case port != "":
		u.Host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return nil
}

// isHostName reports whether s consists of labels of letters, digits, hyphens
// and underscores, separated by dots.
func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return !isNameRune(r) }) {
			return false
		}
	}
	return true
}

func isNameRune(r rune) bool {
	return r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// AllowsToken reports whether a URL may receive the cloud's tokens: it must be
// https, on the default port or the endpoint's, and its host one of TokenHosts.
func (c Cloud) AllowsToken(target *url.URL) bool {
	if target.Scheme != "https" || target.User != nil {
		return false
	}
	own, _ := url.Parse(c.Endpoint)
	if port := target.Port(); port != "" && port != "443" && (own == nil || target.Host != own.Host) {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(target.Hostname(), "."))
	for _, allowed := range c.TokenHosts {
		allowed = strings.ToLower(allowed)
		suffix, below := strings.CutPrefix(allowed, "*")
		if host == allowed || below && strings.HasSuffix(host, suffix) && len(host) > len(suffix) {
			return true
		}
	}
	return false
}

// AllowsInstance reports whether a host may get the token with which somebody
// connects to an instance of theirs: it is below Instances, with labels of letters,
// digits and hyphens only, and without a port.
func (c Cloud) AllowsInstance(host string) bool {
	name, below := strings.CutSuffix(strings.ToLower(host), "."+c.Instances)
	return c.Instances != "" && below && isHostName(name) && !strings.Contains(name, "_")
}

// Endpoint is an ARM endpoint given by URL instead of by cloud.
type Endpoint struct {
	URL      string // without a trailing slash
	Loopback bool   // on this machine: allows http and a dummy token
}

// ParseEndpoint checks the value of --endpoint: an https URL, or http on this
// machine's loopback addresses.
func ParseEndpoint(value string) (Endpoint, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(value), "/"))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return Endpoint{}, endpointError(value, "is not a URL such as https://management.azure.com or http://127.0.0.1:8443")
	}
	if u.User != nil || strings.ContainsAny(value, "?#") {
		u.User, u.RawQuery, u.Fragment = nil, "", "" // these may hold secrets
		return Endpoint{}, endpointError(u.String(), "may only have a host, a port and a path")
	}
	if err := plainHost(u); err != nil {
		return Endpoint{}, endpointError(value, err.Error())
	}
	loopback := loopback.Is(u.Hostname())
	if u.Scheme == "http" && !loopback {
		return Endpoint{}, endpointError(value, "is not https: plain http is for this machine only (127.0.0.1, localhost)")
	}
	return Endpoint{URL: u.String(), Loopback: loopback}, nil
}

func endpointError(value, reason string) error {
	return exit.Usagef("endpoint %q %s", value, reason)
}
