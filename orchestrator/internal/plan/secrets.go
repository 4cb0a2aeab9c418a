package plan

import (
	"slices"
	"strings"
)

// secrets are the header fields whose values are nobody's business, in lower case.
var secrets = []string{
	"authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie",
	"api-key", "apikey", "x-api-key", "x-auth-token", "x-access-token", "x-csrf-token",
}

// IsSecret says whether the value of a header field is left out of listings,
// reports, messages and excerpts. It goes by the field's name, in any case.
func IsSecret(header string) bool { return slices.Contains(secrets, strings.ToLower(header)) }
