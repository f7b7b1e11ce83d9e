// Package protocol is Porter's secrets protocol (secrets_protocol.proto), for a host and a plugin of go-plugin.
package protocol

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

const service = "plugins.SecretsProtocol"

// Handshake is Porter's.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  2,
	MagicCookieKey:   "PORTER",
	MagicCookieValue: "bbc2dd71-def4-4311-906e-e98dc27208ce",
}

type ResolveRequest struct {
	KeyName  string `protobuf:"bytes,1,opt,name=KeyName,proto3"`
	KeyValue string `protobuf:"bytes,2,opt,name=KeyValue,proto3"`
}

// ResolveResponse has bytes where Porter has a string, which is the same on the wire, so that a plugin can lie.
type ResolveResponse struct {
	Value []byte `protobuf:"bytes,1,opt,name=Value,proto3"`
}

// NumberResponse is an answer to another question.
type NumberResponse struct {
	Value uint64 `protobuf:"varint,1,opt,name=Value,proto3"`
}

type CreateRequest struct {
	KeyName  string `protobuf:"bytes,1,opt,name=KeyName,proto3"`
	KeyValue string `protobuf:"bytes,2,opt,name=KeyValue,proto3"`
	Value    string `protobuf:"bytes,3,opt,name=Value,proto3"`
}

type CreateResponse struct{}

func (m *ResolveRequest) Reset()          { *m = ResolveRequest{} }
func (m *ResolveRequest) String() string  { return "ResolveRequest" }
func (*ResolveRequest) ProtoMessage()     {}
func (m *ResolveResponse) Reset()         { *m = ResolveResponse{} }
func (m *ResolveResponse) String() string { return "ResolveResponse" }
func (*ResolveResponse) ProtoMessage()    {}
func (m *NumberResponse) Reset()          { *m = NumberResponse{} }
func (m *NumberResponse) String() string  { return "NumberResponse" }
func (*NumberResponse) ProtoMessage()     {}
func (m *CreateRequest) Reset()           { *m = CreateRequest{} }
func (m *CreateRequest) String() string   { return "CreateRequest" }
func (*CreateRequest) ProtoMessage()      {}
func (m *CreateResponse) Reset()          { *m = CreateResponse{} }
func (m *CreateResponse) String() string  { return "CreateResponse" }
func (*CreateResponse) ProtoMessage()     {}

// Client calls a plugin.
type Client struct{ Conn *grpc.ClientConn }

func (c *Client) Resolve(ctx context.Context, keyName, keyValue string) ([]byte, error) {
	response := new(ResolveResponse)
	request := &ResolveRequest{KeyName: keyName, KeyValue: keyValue}
	err := c.Conn.Invoke(ctx, "/"+service+"/Resolve", request, response)
	return response.Value, err
}

func (c *Client) Create(ctx context.Context, keyName, keyValue, value string) error {
	request := &CreateRequest{KeyName: keyName, KeyValue: keyValue, Value: value}
	return c.Conn.Invoke(ctx, "/"+service+"/Create", request, new(CreateResponse))
}

// Answers is what a plugin does. Both return the message to send.
type Answers interface {
	Resolve(ctx context.Context, request *ResolveRequest) (any, error)
	Create(ctx context.Context, request *CreateRequest) (any, error)
}

// Plugin is the entry of go-plugin's map: a host leaves Answers empty.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Answers Answers
}

func (p *Plugin) GRPCServer(_ *plugin.GRPCBroker, registrar *grpc.Server) error {
	registrar.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*Answers)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Resolve", Handler: unary(Answers.Resolve)},
			{MethodName: "Create", Handler: unary(Answers.Create)},
		},
	}, p.Answers)
	return nil
}

func (p *Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &Client{Conn: conn}, nil
}

func unary[T any](method func(Answers, context.Context, *T) (any, error)) grpc.MethodHandler {
	return func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		request := new(T)
		if err := decode(request); err != nil {
			return nil, err
		}
		return method(srv.(Answers), ctx, request)
	}
}
