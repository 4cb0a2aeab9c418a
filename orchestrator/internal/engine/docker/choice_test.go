package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/api/types/versions"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// answering is a daemon of that version, as far as it says who it is, which
// speaks the API up to a version.
func answering(version, api string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", api)
		w.Header().Set("Content-Type", "application/json")
		asked, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
		switch {
		case r.URL.Path == "/_ping":
		case path != "info" || strings.Trim(asked, "0123456789.") != "":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"page not found"}`)
		case versions.GreaterThan(asked, api):
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"message":"client version %s is too new. Maximum supported API version is %s"}`, asked, api)
		default:
			fmt.Fprintf(w, `{"ServerVersion":%q,"OSType":"linux"}`, version)
		}
	})
}

// standing runs a daemon on a unix socket and gives its address.
func standing(t *testing.T, handler http.Handler) string {
	t.Helper()
	path := filepath.Join(enginetest.ShortDir(t), "docker.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return "unix://" + path
}

// choices sets the variables that choose a daemon, and those only.
func choices(t *testing.T, set map[string]string) {
	t.Helper()
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"} {
		t.Setenv(name, set[name])
	}
	if set["DOCKER_CONFIG"] == "" && set["HOME"] == "" {
		t.Setenv("HOME", t.TempDir())
	}
	for name, value := range set {
		t.Setenv(name, value)
	}
}

// settings makes a folder as the docker command keeps it, with contexts and, if
// it is not empty, the text of config.json.
func settings(t *testing.T, config string, contexts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, host := range contexts {
		endpoints := map[string]any{docker.DockerEndpoint: docker.EndpointMeta{Host: host}}
		if err := contextsIn(dir).CreateOrUpdate(store.Metadata{Name: name, Endpoints: endpoints}); err != nil {
			t.Fatal(err)
		}
	}
	if config != "" {
		write(t, filepath.Join(dir, "config.json"), config)
	}
	return dir
}

func contextsIn(dir string) *store.ContextStore {
	return store.New(filepath.Join(dir, "contexts"), store.NewConfig(nil))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// asked connects as the environment says, and asks who is there.
func asked(ctx context.Context, log *slog.Logger) (engine.Info, error) {
	e, err := New(Options{Root: ".", Log: log})
	if err != nil {
		return engine.Info{}, err
	}
	defer e.Close()
	return e.Info(ctx)
}

// TestChoice: the daemon is the one that the docker command talks to. Where that
// command is there, it is asked.
func TestChoice(t *testing.T) {
	_, missing := exec.LookPath("docker")
	if missing != nil && os.Getenv("LAB_DOCKER") == "1" {
		t.Fatal(missing)
	}
	one, two, three := standing(t, answering("1.0", "1.41")), standing(t, answering("2.0", "1.41")), standing(t, answering("3.0", "1.41"))
	contexts := map[string]string{"two": two, "three": three}
	none := settings(t, "", contexts)
	current := settings(t, `{"currentContext":"three"}`, contexts)
	byDefault := settings(t, `{"currentContext":"default"}`, contexts)
	other := settings(t, `{"currentContext":"two"}`, map[string]string{"two": one})
	broken := settings(t, `{"currentContext":"three"`, contexts)
	home := t.TempDir()
	if err := os.Symlink(current, filepath.Join(home, ".docker")); err != nil {
		t.Fatal(err)
	}
	local := "unix:///var/run/docker.sock"

	for _, c := range []struct {
		host, context, config, home string
		want, named                 string // the version, or the address where no daemon is to be asked; the context
	}{
		{"", "", none, "", local, ""},
		{"", "", byDefault, "", local, ""},
		{"", "", broken, "", local, ""},
		{"", "", "", t.TempDir(), local, ""},
		{one, "", none, "", "1.0", ""},
		{one, "", current, "", "1.0", ""},
		{one, "two", current, "", "1.0", ""},
		{one, "gone", none, "", "1.0", ""},
		{" " + one, "", none, "", "1.0", ""},
		{one, "", broken, "", "1.0", ""},
		{"", "two", none, "", "2.0", "two"},
		{"", "two", current, "", "2.0", "two"},
		{"", "two", other, "", "1.0", "two"},
		{"", "two", broken, "", "2.0", "two"},
		{"", "default", current, "", local, ""},
		{one, "default", current, "", "1.0", ""},
		{"", "", current, "", "3.0", "three"},
		{"", "", other, "", "1.0", "two"},
		{"", "", "", home, "3.0", "three"},
		{"", "two", "", home, "2.0", "two"},
		{"", "", other, home, "1.0", "two"},
	} {
		set := map[string]string{"DOCKER_HOST": c.host, "DOCKER_CONTEXT": c.context, "DOCKER_CONFIG": c.config}
		if c.home != "" {
			set["HOME"] = c.home
		}
		choices(t, set)
		if c.want == local {
			e, err := New(Options{Root: "."})
			if err != nil || e.daemon.Host != local || e.api.DaemonHost() != local || e.daemon.context != defaultContext {
				t.Errorf("%v: %+v, %v; want %s", set, e, err, local)
			}
			continue
		}
		info, err := asked(t.Context(), nil)
		if err != nil || info.Version != c.want || info.Context != c.named {
			t.Errorf("%v: %+v, %v; want %s, context %q", set, info, err, c.want, c.named)
		}
		if missing == nil {
			out, err := exec.CommandContext(t.Context(), "docker", "info", "--format", "{{.ServerVersion}}").Output()
			if got := strings.TrimSpace(string(out)); err != nil || got != c.want {
				t.Errorf("%v: the docker command talks to %q, %v; want %s", set, got, err, c.want)
			}
		}
	}
}

// TestHeaders: what config.json wants every request to carry is sent.
func TestHeaders(t *testing.T) {
	host := standing(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Door") != "open" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answering("1.0", "1.41").ServeHTTP(w, r)
	}))
	choices(t, map[string]string{"DOCKER_HOST": host, "DOCKER_CONFIG": settings(t, `{"HttpHeaders":{"X-Door":"open"}}`, nil)})
	if info, err := asked(t.Context(), nil); err != nil || info.Version != "1.0" {
		t.Errorf("%+v, %v", info, err)
	}
	choices(t, map[string]string{"DOCKER_HOST": host})
	_, err := asked(t.Context(), nil)
	mistaken(t, err, "403", "for access")
}

// mistaken wants an error with a text and advice.
func mistaken(t *testing.T, err error, text, advice string) {
	t.Helper()
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(err.Error(), text) || !strings.Contains(h.Hint(), advice) {
		hint := ""
		if h != nil {
			hint = h.Hint()
		}
		t.Errorf("%v\nadvice %q\nwant %q\nadvice %q", err, hint, text, advice)
	}
}

// TestChoiceMistakes: a context that cannot be used is an error, and never
// another daemon.
func TestChoiceMistakes(t *testing.T) {
	dir := settings(t, "", map[string]string{"good": "unix:///nobody", "noscheme": "nobody", "npipe": "npipe:////./pipe/docker_engine", "password": "ssh://me:secret@far"})
	meta := func(name, text string) {
		t.Helper()
		write(t, filepath.Join(contextsIn(dir).GetStorageInfo(name).MetadataPath, "meta.json"), text)
	}
	meta("cut", `{"Name":"cut","Endpoints":{`)
	meta("wrong", `{"Name":"wrong","Endpoints":{"docker":{"Host":1}}}`)
	meta("elsewhere", `{"Name":"elsewhere","Endpoints":{"kubernetes":{"Host":"x"}}}`)
	meta("empty", ``)
	tls := settings(t, "", map[string]string{"bad": "tcp://127.0.0.1:1"})
	files := map[string][]byte{"ca.pem": []byte("nothing")}
	if err := contextsIn(tls).ResetEndpointTLSMaterial("bad", "docker", &store.EndpointTLSData{Files: files}); err != nil {
		t.Fatal(err)
	}
	current := func(name string) string { return settings(t, fmt.Sprintf(`{"currentContext":%q}`, name), nil) }

	for _, c := range []struct {
		context, config string
		text, advice    string
	}{
		{"gone", dir, `context "gone": context not found`, "unset DOCKER_CONTEXT"},
		{"../x", dir, `context "../x": context not found`, "docker context ls"},
		{"", current("gone"), `context "gone": context not found`, "docker context use default"},
		{"cut", dir, `context "cut": parsing `, "docker context rm cut"},
		{"wrong", dir, `context "wrong": parsing `, "docker context rm wrong"},
		{"empty", dir, `context "empty": parsing `, "docker context rm empty"},
		{"elsewhere", dir, `context "elsewhere": cannot find docker endpoint`, "docker context update elsewhere"},
		{"noscheme", dir, "unable to parse docker host", "DOCKER_CONTEXT"},
		{"npipe", dir, "protocol not available", "DOCKER_CONTEXT"},
		{"password", dir, "plain-text password", "DOCKER_CONTEXT"},
		{"bad", tls, "ca.pem seems invalid", `TLS files of context "bad"`},
	} {
		choices(t, map[string]string{"DOCKER_CONTEXT": c.context, "DOCKER_CONFIG": c.config})
		_, err := New(Options{Root: "."})
		mistaken(t, err, c.text, c.advice)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is shown: %v", err)
		}
	}

	for _, c := range []struct{ host, text string }{
		{"http://127.0.0.1:1", "invalid bind address format"},
		{"tcp://a:b:c", "invalid port"},
		{"npipe:////./pipe/x", "protocol not available"},
		{"ssh://", "hostname is empty"},
		{"ssh://h?x=1", "query parameters are not allowed"},
		{"unix:///" + strings.Repeat("x", 120), "too long"},
	} {
		choices(t, map[string]string{"DOCKER_HOST": c.host})
		_, err := New(Options{Root: "."})
		mistaken(t, err, c.text, "DOCKER_HOST")
	}

	for _, c := range []struct{ host, text, advice string }{
		{"/nowhere/docker.sock", "docker at tcp://localhost:2375/nowhere/docker.sock: ", "write DOCKER_HOST=unix:///nowhere/docker.sock"},
		{"tcp://127.0.0.1:99999", "invalid port", "correct or unset DOCKER_HOST"},
		{"fd://", "docker at fd://: unable to parse", "correct or unset DOCKER_HOST"},
	} {
		choices(t, map[string]string{"DOCKER_HOST": c.host})
		_, err := asked(t.Context(), nil)
		mistaken(t, err, c.text, c.advice)
		if err != nil && c.text == "invalid port" && strings.Contains(err.(*hint.Error).Hint(), "reached") {
			t.Errorf("%s: no machine can be reached there: %v", c.host, err)
		}
	}

	for _, c := range []struct {
		set    map[string]string
		advice string
	}{
		{map[string]string{"DOCKER_TLS_VERIFY": "1"}, "unset DOCKER_TLS_VERIFY"},
		{map[string]string{"DOCKER_TLS": "1"}, "unset DOCKER_TLS"},
		{map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}, "correct DOCKER_CERT_PATH (/nowhere)"},
	} {
		choices(t, c.set)
		_, err := New(Options{Root: "."})
		mistaken(t, err, "ca.pem: no such file", c.advice)
	}
}

// TestBrokenSettings: the docker command warns of a config.json that it cannot
// read, and goes on.
func TestBrokenSettings(t *testing.T) {
	host := standing(t, answering("1.0", "1.41"))
	for _, text := range []string{`{`, `[]`, `{"currentContext":1}`, `{"auths":{"x":{"auth":"!"}}}`} {
		var log bytes.Buffer
		choices(t, map[string]string{"DOCKER_HOST": host, "DOCKER_CONFIG": settings(t, text, nil)})
		info, err := asked(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil || info.Version != "1.0" || !strings.Contains(log.String(), "config.json") {
			t.Errorf("%s: %+v, %v, log %q", text, info, err, log.String())
		}
	}
}
