package runtime

// Kind names why a request failed. Kinds form the tree of the Lua API: Is
// follows it upwards.
type Kind string

// The kinds. Those with no comment are leaves that say it all.
const (
	KindRequest         Kind = "request_error" // the root
	KindInvalidArgument Kind = "invalid_argument"
	KindInvalidURL      Kind = "invalid_url"
	KindMissingSchema   Kind = "missing_schema"
	KindInvalidSchema   Kind = "invalid_schema"

	KindConnection     Kind = "connection"
	KindDNS            Kind = "dns"
	KindConnect        Kind = "connect"
	KindConnectTimeout Kind = "connect_timeout" // a connection and a timeout
	KindTLS            Kind = "tls"
	KindProxy          Kind = "proxy"
	KindClosed         Kind = "closed" // reset anywhere, or EOF before the first response byte

	KindTimeout      Kind = "timeout"
	KindReadTimeout  Kind = "read_timeout"
	KindTotalTimeout Kind = "total_timeout"
	KindBatchTimeout Kind = "batch_timeout"

	KindProtocol        Kind = "protocol"
	KindInvalidResponse Kind = "invalid_response"
	KindIncompleteBody  Kind = "incomplete_body"

	KindTooLarge        Kind = "too_large"
	KindBodyTooLarge    Kind = "body_too_large"
	KindHeadersTooLarge Kind = "headers_too_large"

	KindDecode Kind = "decode"

	KindRedirect         Kind = "redirect"
	KindTooManyRedirects Kind = "too_many_redirects"
	KindInvalidRedirect  Kind = "invalid_redirect"
	KindUnrewindableBody Kind = "unrewindable_body"

	KindHTTP      Kind = "http" // raise_for_status; carries the response
	KindJSON      Kind = "json"
	KindCancelled Kind = "cancelled"
	KindDenied    Kind = "denied"
	KindCallback  Kind = "callback"
	KindInDoubt   Kind = "in_doubt"

	KindScript         Kind = "script"
	KindScriptDeadline Kind = "script_deadline"
	KindScriptMemory   Kind = "script_memory"
	KindScriptStack    Kind = "script_stack"

	KindBreaker        Kind = "breaker"
	KindIO             Kind = "io"
	KindStreamConsumed Kind = "stream_consumed"
	KindClosedResponse Kind = "closed_response"
	KindInternal       Kind = "internal" // a Go panic: reported, never swallowed
)

// Parents returns the kinds directly above k: one for most, two for
// connect_timeout, none for the root and for an unknown kind.
func (k Kind) Parents() []Kind {
	switch k {
	case KindRequest:
		return nil
	case KindInvalidURL, KindConnection, KindTimeout, KindProtocol, KindTooLarge, KindRedirect, KindScript,
		KindInvalidArgument, KindDecode, KindHTTP, KindJSON, KindCancelled, KindDenied, KindCallback,
		KindInDoubt, KindBreaker, KindIO, KindStreamConsumed, KindClosedResponse, KindInternal:
		return []Kind{KindRequest}
	case KindMissingSchema, KindInvalidSchema:
		return []Kind{KindInvalidURL}
	case KindDNS, KindConnect, KindTLS, KindProxy, KindClosed:
		return []Kind{KindConnection}
	case KindConnectTimeout:
		return []Kind{KindConnection, KindTimeout}
	case KindReadTimeout, KindTotalTimeout, KindBatchTimeout:
		return []Kind{KindTimeout}
	case KindInvalidResponse, KindIncompleteBody:
		return []Kind{KindProtocol}
	case KindBodyTooLarge, KindHeadersTooLarge:
		return []Kind{KindTooLarge}
	case KindTooManyRedirects, KindInvalidRedirect, KindUnrewindableBody:
		return []Kind{KindRedirect}
	case KindScriptDeadline, KindScriptMemory, KindScriptStack:
		return []Kind{KindScript}
	}
	return nil
}

// Known reports whether k is a kind of the tree.
func (k Kind) Known() bool { return k == KindRequest || k.Parents() != nil }

// Is reports whether k is ancestor or stands below it.
func (k Kind) Is(ancestor Kind) bool {
	if k == ancestor {
		return true
	}
	for _, p := range k.Parents() {
		if p.Is(ancestor) {
			return true
		}
	}
	return false
}

// Phase says how far an exchange had come.
type Phase string

// The phases, in order.
const (
	PhaseDNS      Phase = "dns"
	PhaseConnect  Phase = "connect"
	PhaseTLS      Phase = "tls"
	PhaseSend     Phase = "send"
	PhaseWait     Phase = "wait" // sent, no byte of the response yet
	PhaseHeaders  Phase = "headers"
	PhaseBody     Phase = "body"
	PhaseDecode   Phase = "decode"
	PhaseCallback Phase = "callback"
)

// Sent says whether the server could have acted on a request.
type Sent string

// "" counts as SentNo.
const (
	SentNo    Sent = "no"    // nothing of it was written
	SentMaybe Sent = "maybe" // written in part or whole, no answer
	SentYes   Sent = "yes"   // an answer began to arrive
)
