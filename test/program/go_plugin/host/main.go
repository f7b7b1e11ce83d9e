// Command host drives a secrets plugin as Porter does. It reads JSON from stdin: what to start, then one call a line; it
// answers each with a line of JSON.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"coffer.example/go_plugin/protocol"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// setup is the first line.
type setup struct {
	Command []string `json:"command"`
	// Config is sent on stdin as it is.
	Config string `json:"config"`
	MTLS   bool   `json:"mtls"`
}

type call struct {
	Do       string `json:"do"`
	KeyName  string `json:"keyName"`
	KeyValue string `json:"keyValue"`
	Value    string `json:"value"`
	// Times is how often `value` is repeated, or how many calls are made.
	Times int `json:"times"`
}

type answer struct {
	OK    bool    `json:"ok"`
	Value *string `json:"value,omitempty"`
	// Code and Error are gRPC's.
	Code  uint32 `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
	// Millis is how long it took, or each of several calls.
	Millis []float64 `json:"millis,omitempty"`
	// Log is what go-plugin said at level error.
	Log []string `json:"log,omitempty"`
	Pid int      `json:"pid,omitempty"`
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 64<<20)
	output := json.NewEncoder(os.Stdout)
	var given setup
	input.Scan()
	if err := json.Unmarshal(input.Bytes(), &given); err != nil {
		panic(err)
	}
	started := time.Now()
	command := exec.Command(given.Command[0], given.Command[1:]...)
	command.Stdin = strings.NewReader(given.Config)
	log := new(errorLog)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  protocol.Handshake.ProtocolVersion,
			MagicCookieKey:   protocol.Handshake.MagicCookieKey,
			MagicCookieValue: protocol.Handshake.MagicCookieValue,
		},
		Plugins:          plugin.PluginSet{"secrets": &protocol.Plugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC, plugin.ProtocolGRPC},
		Cmd:              command,
		AutoMTLS:         given.MTLS,
		StartTimeout:     5 * time.Second,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: log, JSONFormat: true}),
		Stderr:           os.Stderr,
	})
	defer client.Kill(context.Background())
	_, err := client.Start(context.Background())
	output.Encode(answer{OK: err == nil, Error: text(err), Millis: since(started), Pid: command.Process.Pid})
	if err != nil {
		return
	}
	protocolClient, err := client.Client(context.Background())
	if err != nil {
		output.Encode(answer{Error: err.Error()})
		return
	}
	raw, err := protocolClient.Dispense("secrets")
	if err != nil {
		panic(err)
	}
	host := &host{client, protocolClient, raw.(*protocol.Client), command, log}
	for input.Scan() {
		var wanted call
		if err := json.Unmarshal(input.Bytes(), &wanted); err != nil {
			panic(err)
		}
		output.Encode(host.do(wanted))
	}
}

type host struct {
	client  *plugin.Client
	session plugin.ClientProtocol
	secrets *protocol.Client
	command *exec.Cmd
	log     *errorLog
}

func (h *host) do(wanted call) answer {
	ctx := context.Background()
	started := time.Now()
	switch wanted.Do {
	case "resolve":
		value, err := h.secrets.Resolve(ctx, wanted.KeyName, wanted.KeyValue)
		return result(string(value), err)
	case "create":
		value := strings.Repeat(wanted.Value, max(wanted.Times, 1))
		return result("", h.secrets.Create(ctx, wanted.KeyName, wanted.KeyValue, value))
	case "size": // of a value, for those that are large
		value, err := h.secrets.Resolve(ctx, wanted.KeyName, wanted.KeyValue)
		if err != nil || string(value) != strings.Repeat(wanted.Value, wanted.Times) {
			return result("not what was created", err)
		}
		return result("", nil)
	case "parallel": // creates and resolves of keys of their own
		var all sync.WaitGroup
		errs := make([]error, wanted.Times)
		for i := range wanted.Times {
			all.Go(func() {
				key := wanted.KeyValue + string(rune('A'+i))
				if errs[i] = h.secrets.Create(ctx, "secret", key, key); errs[i] != nil {
					return
				}
				value, err := h.secrets.Resolve(ctx, "secret", key)
				if errs[i] = err; err == nil && string(value) != key {
					errs[i] = os.ErrInvalid
				}
			})
		}
		all.Wait()
		for _, err := range errs {
			if err != nil {
				return result("", err)
			}
		}
		return answer{OK: true, Millis: since(started)}
	case "bench":
		var millis []float64
		for range wanted.Times {
			began := time.Now()
			if _, err := h.secrets.Resolve(ctx, wanted.KeyName, wanted.KeyValue); err != nil {
				return result("", err)
			}
			millis = append(millis, since(began)...)
		}
		return answer{OK: true, Millis: millis}
	case "ping":
		return result("", h.session.Ping())
	case "unknown":
		err := h.secrets.Conn.Invoke(ctx, "/plugins.SecretsProtocol/List", new(protocol.CreateResponse), new(protocol.CreateResponse))
		return result("", err)
	case "streams": // whether each stays open for a while
		for _, method := range []string{"/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream"} {
			if err := staysOpen(ctx, h.secrets.Conn, method); err != nil {
				return result(method, err)
			}
		}
		return answer{OK: true}
	case "intrude": // without a certificate, and with another than was announced
		return h.intrude(ctx)
	case "kill":
		h.client.Kill(ctx)
		code := h.command.ProcessState.ExitCode()
		return answer{OK: code == 0, Code: uint32(code), Millis: since(started), Log: h.log.errors()}
	}
	return answer{Error: "unknown: " + wanted.Do}
}

func (h *host) intrude(ctx context.Context) answer {
	address := h.client.ReattachConfig().Addr
	dialer := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, address.Network(), address.String())
	})
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, transport := range []credentials.TransportCredentials{
		insecure.NewCredentials(),
		credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}),
		credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{otherCertificate()}}),
	} {
		conn, err := grpc.NewClient("passthrough:///unused", dialer, grpc.WithTransportCredentials(transport))
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		if _, err := (&protocol.Client{Conn: conn}).Resolve(ctx, "secret", "a"); err == nil || status.Code(err) == 2 {
			return answer{Error: "an intruder was answered"}
		}
	}
	return answer{OK: true}
}

func staysOpen(ctx context.Context, conn *grpc.ClientConn, method string) error {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(new(protocol.CreateResponse)); err != nil {
		return err
	}
	err = stream.RecvMsg(new(protocol.CreateResponse))
	if status.Code(err) == codes.DeadlineExceeded { // ours, at either end
		return nil
	}
	return err
}

func result(value string, err error) answer {
	if err != nil {
		return answer{Code: uint32(status.Code(err)), Error: status.Convert(err).Message(), Value: &value}
	}
	return answer{OK: true, Value: &value}
}

func since(started time.Time) []float64 {
	return []float64{float64(time.Since(started).Microseconds()) / 1000}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// errorLog keeps what is said at level error.
type errorLog struct {
	lock  sync.Mutex
	lines []string
}

func (l *errorLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"@level":"error"`)) {
		l.lock.Lock()
		defer l.lock.Unlock()
		l.lines = append(l.lines, string(line))
	}
	return len(line), nil
}

func (l *errorLog) errors() []string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.lines
}
