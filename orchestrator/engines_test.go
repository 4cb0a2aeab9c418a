package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// says is a daemon that says this of itself, and speaks this version of the API.
func says(t *testing.T, api string, info map[string]any) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", api)
		if strings.HasSuffix(r.URL.Path, "/info") {
			if err := json.NewEncoder(w).Encode(info); err != nil {
				t.Error(err)
			}
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http://", "tcp://", 1)
}

func kernelHere(t *testing.T) string {
	t.Helper()
	var here unix.Utsname
	if err := unix.Uname(&here); err != nil {
		t.Fatal(err)
	}
	return unix.ByteSliceToString(here.Release[:])
}

// TestAuto: of every Docker that cannot do the work the reason is told, and local
// processes are taken; --engine docker fails with the same, or has the lab find it
// out.
func TestAuto(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	good := map[string]any{"OSType": "linux", "ServerVersion": "28.0.1", "KernelVersion": kernelHere(t), "SecurityOptions": []string{"name=rootless"}}
	with := func(key string, value any) map[string]any {
		info := map[string]any{key: value}
		for k, v := range good {
			if k != key {
				info[k] = v
			}
		}
		return info
	}
	check := func(host, engine, why string) {
		t.Helper()
		t.Setenv("DOCKER_HOST", host)
		var out bytes.Buffer
		eng, err := openEngine(t.Context(), takes{engine: engineAuto}, console.NewView(&out, true, nil))
		if err != nil {
			t.Error(err)
			return
		}
		defer eng.Close()
		info, err := eng.Info(t.Context())
		if err != nil || info.Name != engine || !strings.Contains(info.Instead, why) || (info.Instead == "") != (why == "") {
			t.Errorf("%s took %q instead for %q, %v; want %s for %q", host, info.Name, info.Instead, err, engine, why)
		}
		if told := out.String(); strings.Contains(told, why) != (why != "") && told != "" || why != "" && !strings.Contains(told, "; --engine docker insists on Docker)") {
			t.Errorf("told %q", told)
		}
	}
	check(says(t, "1.47", good), "docker", "")
	check(says(t, "1.47", with("KernelVersion", "1.2.3")), "process", "docker runs its containers on another machine")
	check(says(t, "1.47", with("OperatingSystem", "Docker Desktop")), "process", "docker runs its containers on another machine")
	check(says(t, "1.47", with("OSType", "windows")), "process", "runs windows containers")
	check(says(t, "1.22", good), "process", "speaks only API 1.22")
	check("unix://"+enginetest.ShortDir(t)+"/none.sock", "process", "there is no ")
	check("fd://", "process", "unable to parse docker host")
	if os.Getuid() != 0 {
		check(says(t, "1.47", with("SecurityOptions", nil)), "process", "to root alone")
	}
}

// TestAutoGoesOn: who took local processes takes them again, and names the reason
// again, whatever Docker does meanwhile.
func TestAutoGoesOn(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix://"+t.TempDir()+"/none.sock")
	view := console.NewView(&bytes.Buffer{}, true, nil)
	first, err := openEngine(t.Context(), takes{engine: engineAuto}, view)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	t.Setenv("DOCKER_HOST", says(t, "1.47", map[string]any{"OSType": "linux", "KernelVersion": kernelHere(t), "SecurityOptions": []string{"name=rootless"}}))
	again, err := openEngine(t.Context(), first.pinned(0), view)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	info, err := again.Info(t.Context())
	if err != nil || info.Name != "process" || info.Instead == "" || info.Instead != first.instead {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestAutoLimit: a limit is not dropped with the containers.
func TestAutoLimit(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("DOCKER_HOST", says(t, "1.47", map[string]any{"OSType": "linux", "KernelVersion": "1.2.3"}))
	_, err := openEngine(t.Context(), takes{engine: engineAuto, memory: bench.GiB}, console.NewView(&bytes.Buffer{}, true, nil))
	if err == nil || !strings.Contains(err.Error(), "a memory limit takes containers, and Docker cannot be used: docker runs its containers on another machine") ||
		hint.Of(err) != "run the lab there; or leave the limit (--memory) out to run variants as local processes" {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}
