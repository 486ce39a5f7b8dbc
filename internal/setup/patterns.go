package setup

import (
	"regexp"
	"sync"
)

// expressions are compiled when a script is read, not when the program starts.
type expressions struct {
	ignore *regexp.Regexp

	secret      []secretPattern
	secretName  *regexp.Regexp
	notSecret   *regexp.Regexp
	harmless    *regexp.Regexp
	example     *regexp.Regexp // a secret in a page about secrets
	placeholder *regexp.Regexp
	redirect    *regexp.Regexp
}

// secretPattern is what a kind of secret looks like.
type secretPattern struct {
	what string
	re   *regexp.Regexp
}

var patterns = sync.OnceValue(func() *expressions {
	re := regexp.MustCompile
	return &expressions{
		ignore: re(`(?:^|\s)#\s*computetarget:ignore\b[ \t]*([A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*)?`),
		secret: []secretPattern{
			{"a GitHub token", re(`\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})`)},
			{"a GitLab token", re(`\bglpat-[A-Za-z0-9_-]{20,}`)},
			{"a storage account key", re(`\bAccountKey=[A-Za-z0-9+/]{40,}={0,2}`)},
			{"the signature of a SAS URL", re(`[?&;]sig=[A-Za-z0-9%+/]{24,}`)},
			{"an API key", re(`\bsk-[A-Za-z0-9_-]{20,}`)},
			{"a Hugging Face token", re(`\bhf_[A-Za-z0-9]{30,}`)},
			{"a Databricks token", re(`\bdapi[0-9a-f]{32}\b`)},
			{"an AWS key", re(`\bAKIA[0-9A-Z]{16}\b`)},
			{"a Slack token", re(`\bxox[abprs]-[A-Za-z0-9-]{20,}`)},
			{"a token", re(`\bBearer [A-Za-z0-9._~+/-]{20,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}`)},
			{"a connection string", re(`(?i)\b(?:SharedAccessKey|Password)=[^;&\s"'$<>{}()]{6,};|\bSharedAccessKey=[A-Za-z0-9+/]{30,}`)},
			{"a private key", re(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
			{"a password in a URL", re(`\bhttps?://[^\s/:@"'$<>{}\[\]()]+:[^\s/:@"'$<>{}\[\]()*]{4,}@`)},
		},
		secretName:  re(`(?i)(?:^|_)(?:password|passwd|pwd|pass|secret|token|pat|api_?key|access_?key|account_?key|storage_?key|client_?secret|connection_?string|credentials?)(?:$|_\d+$)`),
		notSecret:   re(`(?i)^(?:pwd|oldpwd)$`),
		harmless:    re(`(?i)^(?:true|false|yes|no|on|off|none|null|nil|empty|secret|password|passwd|token|x+|\*+|\.+|-+)$|^[./~]|^https?://|\s`),
		example:     re(`(?i)x{5}|://[^:]*:[^@]*(?:passw|pass@|secret|token|key@|your|example|login)`),
		placeholder: re(`(?i:\byour[-_][a-z][a-z0-9_-]*|\bchange[-_]?me\b|\breplace[-_]?(?:me|this|with)[a-z0-9_-]*|\b(?:enter|put|add)[-_]your[a-z0-9_-]*|\binsert[-_][a-z_-]+[-_]here\b|\bfill[-_]me\b|\b[a-z0-9._+-]+@(?:example|contoso|fabrikam)\.(?:com|org|net)\b|<your\b[^<>]*>)|<[A-Z][A-Z0-9]*(?:[ _-][A-Z0-9]+)+>|<[a-z][a-z0-9]*(?:[ -][a-z0-9]+)+>|<(?i:x{2,}|password|username|user|token|api-?key|region|location|subscription|workspace|account)>|\{[A-Z]+(?: [A-Z]+)+\}|\{\{ ?[A-Za-z_][A-Za-z0-9_ ]*\}\}|\{\{$|^(?:TODO|FIXME|TBD)$|^[Xx]{6,}$|\b[xX]{8}-[xX]{4}-`),
		redirect:    re(`<[A-Za-z][A-Za-z0-9 _-]*>`),
	}
})
