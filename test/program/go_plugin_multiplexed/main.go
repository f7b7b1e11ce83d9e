// Command go_plugin_multiplexed starts a secrets plugin with HashiCorp's own go-plugin, everything through one
// connection. It creates a value, resolves it, and resolves many at once; its exit code says whether all is well.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

const atOnce = 32

type resolveRequest struct {
	KeyName  string `protobuf:"bytes,1,opt,name=KeyName,proto3"`
	KeyValue string `protobuf:"bytes,2,opt,name=KeyValue,proto3"`
}

type resolveResponse struct {
	Value string `protobuf:"bytes,1,opt,name=Value,proto3"`
}

type createRequest struct {
	KeyName  string `protobuf:"bytes,1,opt,name=KeyName,proto3"`
	KeyValue string `protobuf:"bytes,2,opt,name=KeyValue,proto3"`
	Value    string `protobuf:"bytes,3,opt,name=Value,proto3"`
}

type createResponse struct{}

func (m *resolveRequest) Reset()          { *m = resolveRequest{} }
func (m *resolveRequest) String() string  { return "resolveRequest" }
func (*resolveRequest) ProtoMessage()     {}
func (m *resolveResponse) Reset()         { *m = resolveResponse{} }
func (m *resolveResponse) String() string { return "resolveResponse" }
func (*resolveResponse) ProtoMessage()    {}
func (m *createRequest) Reset()           { *m = createRequest{} }
func (m *createRequest) String() string   { return "createRequest" }
func (*createRequest) ProtoMessage()      {}
func (m *createResponse) Reset()          { *m = createResponse{} }
func (m *createResponse) String() string  { return "createResponse" }
func (*createResponse) ProtoMessage()     {}

type secrets struct {
	plugin.NetRPCUnsupportedPlugin
	conn *grpc.ClientConn
}

func (*secrets) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }

func (*secrets) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &secrets{conn: conn}, nil
}

func (s *secrets) create(key, value string) error {
	request := &createRequest{KeyName: "secret", KeyValue: key, Value: value}
	return s.conn.Invoke(context.Background(), "/plugins.SecretsProtocol/Create", request, new(createResponse))
}

func (s *secrets) expect(key, value string) error {
	response := new(resolveResponse)
	request := &resolveRequest{KeyName: "secret", KeyValue: key}
	err := s.conn.Invoke(context.Background(), "/plugins.SecretsProtocol/Resolve", request, response)
	if err == nil && response.Value != value {
		return fmt.Errorf("%s is something else", key)
	}
	return err
}

func main() {
	mtls := os.Args[1] == "mtls"
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  2,
			MagicCookieKey:   "PORTER",
			MagicCookieValue: "bbc2dd71-def4-4311-906e-e98dc27208ce",
		},
		Plugins:             plugin.PluginSet{"secrets": &secrets{}},
		AllowedProtocols:    []plugin.Protocol{plugin.ProtocolGRPC},
		Cmd:                 exec.Command(os.Args[2], os.Args[3:]...),
		AutoMTLS:            mtls,
		GRPCBrokerMultiplex: true,
		StartTimeout:        10 * time.Second,
		Logger:              hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
	err := use(client)
	client.Kill()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func use(client *plugin.Client) error {
	session, err := client.Client()
	if err != nil {
		return err
	}
	if err := session.Ping(); err != nil {
		return err
	}
	raw, err := session.Dispense("secrets")
	if err != nil {
		return err
	}
	store := raw.(*secrets)
	large := strings.Repeat("0123456789abcdef", 3<<16) // 3 MiB: a dozen windows of a stream
	if err := store.create("large", large); err != nil {
		return err
	}
	if err := store.expect("large", large); err != nil {
		return err
	}
	var all sync.WaitGroup
	failed := make(chan error, atOnce)
	for i := range atOnce {
		all.Go(func() {
			key := fmt.Sprintf("key/%d", i)
			if err := store.create(key, key); err != nil {
				failed <- err
			} else if err := store.expect(key, key); err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}
