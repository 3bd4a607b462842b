package transport

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"

	"volley/runtime"
)

// Exchange is one request as it goes out. The caller has validated names and
// values; transport checks once more that no byte of them could end a line.
type Exchange struct {
	Method string
	Scheme string // "http" or "https"
	Host   string // to connect to: a name or an address, without brackets
	Port   string // "" is the scheme's own
	Target string // request-target in origin-form, "/path?query"

	// Header is every field to send but framing, in wire order. The first is
	// Host on HTTP/1.1; on HTTP/2 it becomes :authority.
	Header runtime.Header

	// Body opens the body and says its length (-1: unknown, sent chunked). It
	// is called once per try, and what it returned is closed once; that may
	// be after Do returned, when a Read is still on. nil: none.
	Body   func() (io.ReadCloser, int64, error)
	Data   []byte // instead of Body, when the body is in memory; not nil but empty: a body of no bytes
	Length int64  // for the caller's own use; Data and Body say what is sent
	// Replayable says that Body may be called again.
	Replayable bool

	Route *Route // from Transport.Route; nil: direct, default TLS

	ConnectTimeout time.Duration // DNS, proxy, TCP and TLS together; 0: none
	ReadTimeout    time.Duration // each wait for the peer once connected; 0: none
	Deadline       time.Time     // of the whole exchange, body included; zero: none
}

// RouteConfig is everything besides the origin that decides which connection
// may carry a request. Equal configs share connections, others never do.
type RouteConfig struct {
	Proxy     string // http, https, socks5 or socks5h URL with userinfo; "": direct
	VerifyOff bool
	CA        string // PEM file or directory; "": the system's roots
	Cert, Key string // client certificate, PEM paths; Key "": in Cert
	SNI       string // server name to send and verify; "": the host
	Version   string // "", "auto": ALPN; "1.1"; "2"; "h2c"
	Unix      string // socket path to dial instead of TCP
	LocalAddr string
	Resolver  string // DNS server "ip:port"; "": the system's
	Override  string // "host:port" to dial instead of the origin
}

// Config sets up a Transport. The zero value works.
type Config struct {
	IdlePerOrigin int           // kept open per origin; 0: 100
	IdleTimeout   time.Duration // 0: 90 s
	MaxHeader     int64         // bytes of a response's status line and headers, 1xx included; 0: 256 KiB
	MaxLines      int           // header lines; 0: 5000
	// Control is asked before each dial with the resolved address
	// ("192.0.2.1:443") and the name of the origin or proxy it is for, ""
	// for a route's DNS server; its error, an *runtime.Error of kind denied,
	// ends the dial. nil: all is allowed.
	Control func(address, host string) error
	// Sockets opens every socket, also those to name servers, whose names Go
	// then resolves itself. nil: the system, by net.Dialer.
	Sockets Sockets
	// Dial replaces the network, for tests. nil: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is cloned for each route; for tests that need their own roots.
	TLS *tls.Config
}

// Sockets opens sockets where this process may not. What DialContext returns
// is what net.Dialer does, errors included; local is the address to connect
// from, nil for any.
type Sockets interface {
	DialContext(ctx context.Context, network, address string, local *net.TCPAddr) (net.Conn, error)
}

// Reply is an answer whose headers have been read. Body must be read to its
// end or closed, or the connection is lost to the pool.
type Reply struct {
	Status      int
	Reason      string
	Protocol    string
	Header      runtime.Header
	HeaderBytes int64
	Length      int64 // of the body: -1 unknown
	Body        Body
	RemoteAddr  string
	Reused      bool
	TLS         *tls.ConnectionState // of the connection; nil: http
	Timings     runtime.Timings      // all but Total
	Elapsed     time.Duration        // request start to headers parsed
}

// Body is a response body as framed, not yet decoded. Errors are
// *runtime.Error: incomplete_body, closed, read_timeout, total_timeout, …
// Only Abort may be called while a Read is under way.
type Body interface {
	io.ReadCloser
	// Abort makes a Read that is under way on another goroutine fail, and
	// costs HTTP/1 its connection. Whoever reads still has to Close.
	Abort()
	// Wire returns the bytes received for the body so far.
	Wire() int64
	// EndUnmarked reports, after io.EOF, that the end was the connection's.
	EndUnmarked() bool
	// Trailer returns the trailer fields, after io.EOF.
	Trailer() runtime.Header
}

// Stats counts connections since the Transport was made.
type Stats struct {
	Dialled  int64 // connections opened
	Requests int64 // exchanges that got a connection
	Reused   int64 // of them on a connection that had served before
	Open     int64 // connections open now
}
