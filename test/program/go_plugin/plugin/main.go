// Command plugin is a secrets plugin as people write them in Go with go-plugin, for a host to get along with: one that
// behaves, and others that do not. `plugin run secrets.NAME.MODE`, with Porter's cookie in the environment.
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"coffer.example/go_plugin/protocol"
	"crypto/sha256"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

type config struct {
	// Folder is where the secrets are.
	Folder string `json:"folder"`
	// Pid is a file to write the process's id to.
	Pid string `json:"pid"`
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "version" {
		fmt.Println(`{"name":"fake","version":"v1.2.3","commit":"abc","author":"Coffer's tests",` +
			`"implementations":[{"type":"secrets","implementation":"files"}]}`)
		return
	}
	mode := os.Args[2][strings.LastIndex(os.Args[2], ".")+1:]
	var given config
	// As the real ones do: to the end, which has to come.
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(input)).Decode(&given)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "could not unmarshal the plugin configuration:", err)
		os.Exit(1)
	}
	if given.Pid != "" {
		_ = os.WriteFile(given.Pid, fmt.Append(nil, os.Getpid()), 0o600)
	}
	version := 2
	switch mode {
	case "noise":
		fmt.Println("starting up")
	case "early":
		fmt.Fprintln(os.Stderr, "no such vault")
		os.Exit(3)
	case "silent":
		time.Sleep(time.Hour)
	case "old":
		version = 1
	case "open":
		os.Unsetenv("PLUGIN_CLIENT_CERT")
	case "endless":
		_, _ = io.Copy(os.Stdout, letters{})
	case "environment":
		_ = os.WriteFile(given.Folder+"/environment", []byte(strings.Join(os.Environ(), "\n")), 0o600)
	}
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: protocol.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{
			version: {"secrets": &protocol.Plugin{Answers: &secrets{given, mode, log, os.Stderr}}},
		},
		GRPCServer: plugin.DefaultGRPCServer,
		Logger:     log,
	})
}

type secrets struct {
	config
	mode string
	log  hclog.Logger
	// stderr is the process's own: go-plugin puts a pipe in its place.
	stderr io.Writer
}

func (s *secrets) Resolve(_ context.Context, request *protocol.ResolveRequest) (any, error) {
	switch s.mode {
	case "crash":
		fmt.Fprintln(s.stderr, "panic: out of ideas")
		os.Exit(7)
	case "hang":
		time.Sleep(time.Hour)
	case "huge":
		return &protocol.ResolveResponse{Value: bytes.Repeat([]byte("x"), 64<<20)}, nil
	case "lie":
		return &protocol.NumberResponse{Value: 42}, nil
	case "binary":
		return &protocol.ResolveResponse{Value: []byte{0xff, 0xfe}}, nil
	case "flood":
		_, _ = io.Copy(s.stderr, io.LimitReader(letters{}, 1<<30))
	case "print":
		// Through go-plugin's stream, a chunk at a time.
		_, _ = io.Copy(os.Stdout, io.LimitReader(letters{}, 4<<20))
	case "gossip":
		s.log.Warn("resolved", "key", request.KeyValue)
		s.log.Error("the value of it is hunter2-gossip")
		return &protocol.ResolveResponse{Value: []byte("hunter2-gossip")}, nil
	}
	if request.KeyName != "secret" {
		return nil, fmt.Errorf("unsupported secret type: %s. Only %s is supported", request.KeyName, "secret")
	}
	value, err := os.ReadFile(s.path(request.KeyValue))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no secret found at %s in 100%% of “fake”\n(second line)", request.KeyValue)
	}
	return &protocol.ResolveResponse{Value: value}, err
}

func (s *secrets) Create(_ context.Context, request *protocol.CreateRequest) (any, error) {
	if request.KeyName != "secret" {
		return nil, fmt.Errorf("unsupported secret type: %s. Only %s is supported", request.KeyName, "secret")
	}
	return new(protocol.CreateResponse), os.WriteFile(s.path(request.KeyValue), []byte(request.Value), 0o600)
}

func (s *secrets) path(key string) string {
	digest := sha256.Sum256([]byte(key))
	return filepath.Join(s.Folder, hex.EncodeToString(digest[:]))
}

// letters never ends.
type letters struct{}

func (letters) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = 'x'
	}
	return len(into), nil
}
